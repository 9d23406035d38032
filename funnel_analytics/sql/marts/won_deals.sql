-- One row per counted won deal with the instant it closed and its amount in the agreement's
-- currency by the rate of that day, missing where nobody entered one. A deal that has leads, none
-- of which counts, is out, and so is a deleted one; one without any lead stays. `closed_by_at` is
-- the last instant that a stamp of day precision can mean.
-- params: timezone
create table won_deals as
select
    cast(row_number() over (order by deal.deal) as integer) as deal_no,
    deal.deal,
    deal.account,
    deal.created_at,
    deal.closed_at,
    case
        when coalesce(deal.closed_at_is_day, false)
            then {{ end_of_day('deal.closed_at') }}
        else deal.closed_at
    end as closed_by_at,
    deals.amount,
    deal.currency,
    deal.kind
from deal
inner join deals on deal.deal = deals.deal
where
    deal.is_won
    and deal.closed_at is not null
    and deals.excluded is null
order by deal.deal
