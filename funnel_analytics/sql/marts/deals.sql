-- One row per loaded deal: its amount in the agreement's currency (missing where nobody entered
-- one, or where there is no rate for its day), whether it counts, and the leads that its events
-- belong to. `excluded`: 'deleted', or 'leads' where it has leads, none of which counts. An amount
-- without a currency is in the agreement's.
-- params: timezone, currency
create table deals as
with

valued as (

    select
        *,
        cast(
            timezone(
                $timezone,
                timezone(
                    'UTC', coalesce(case when is_won then closed_at end, created_at, closed_at)
                )
            ) as date
        ) as valued_on
    from deal

),

-- Deals all of whose leads are deleted or tests, after merges.
uncounted as (

    select deal
    from deal_leads
    group by deal
    having count(lead_no) = 0

),

owners as (

    select
        deal,
        count(*) as event_leads
    from event_leads
    group by deal

)

select
    valued.deal,
    valued.valued_on,
    valued.amount as original_amount,
    valued.currency,
    case
        when coalesce(upper(valued.currency) = upper($currency), true) or valued.amount = 0
            then valued.amount
        else valued.amount * rates.rate
    end as amount,
    rates.rate,
    rates.rated_on,
    case
        when coalesce(valued.is_deleted, false) then 'deleted'
        when uncounted.deal is not null then 'leads'
    end as excluded,
    coalesce(owners.event_leads, 0) as event_leads
from valued
left join rates
    on
        upper(valued.currency) = rates.currency
        and valued.valued_on = rates.valued_on
left join uncounted on valued.deal = uncounted.deal
left join owners on valued.deal = owners.deal
order by valued.deal
