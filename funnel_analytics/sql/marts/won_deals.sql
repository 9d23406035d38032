-- One row per counted won deal with the instant it closed; the amount is missing where nobody
-- entered it. A deal that has leads, none of which counts, is out; one without any lead stays.
-- `closed_by_at` is the last instant that a stamp of day precision can mean.
-- params: currency, timezone
create table won_deals as
with

-- Deals all of whose leads are deleted or tests, after merges.
uncounted as (

    select deal
    from deal_leads
    group by deal
    having count(lead_no) = 0

)

select
    cast(row_number() over (order by deal.deal) as integer) as deal_no,
    deal.deal,
    deal.account,
    deal.created_at,
    deal.closed_at,
    case
        when coalesce(deal.closed_at_is_day, false)
            then
                timezone(
                    'UTC',
                    timezone(
                        $timezone,
                        timezone($timezone, timezone('UTC', deal.closed_at)) + interval 1 day
                    )
                ) - interval 1 microsecond
        else deal.closed_at
    end as closed_by_at,
    case when deal.currency is null or deal.currency = $currency then deal.amount end as amount,
    deal.currency,
    deal.kind
from deal
left join uncounted on deal.deal = uncounted.deal
where
    deal.is_won
    and deal.closed_at is not null
    and uncounted.deal is null
order by deal.deal
