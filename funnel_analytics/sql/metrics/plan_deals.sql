-- One row per amount, origin and place in time of the won deals: how many. A deal comes from leads
-- if a won lead is on it, or if it is no expansion or renewal. The amount is missing where nobody
-- entered one above zero.
-- params: history_from, period_start, period_end
with

deals_of_won_leads as (

    select distinct deal_leads.deal
    from deal_leads
    inner join lead_progress on deal_leads.lead_no = lead_progress.lead_no
    where lead_progress.furthest = {{ stages[-1] }}

),

deals as (

    select
        case when won_deals.amount > 0 then won_deals.amount end as amount,
        deals_of_won_leads.deal is not null
        or coalesce(won_deals.kind, 'new') not in ('expansion', 'renewal') as is_from_leads,
        won_deals.closed_at >= $history_from as is_in_history,
        won_deals.closed_at >= $period_start
        and won_deals.closed_at < $period_end as is_in_period
    from won_deals
    left join deals_of_won_leads on won_deals.deal = deals_of_won_leads.deal

)

select
    amount,
    is_from_leads,
    is_in_history,
    is_in_period,
    count(*) as deals
from deals
group by
    amount,
    is_from_leads,
    is_in_history,
    is_in_period
order by
    amount,
    is_from_leads,
    is_in_history,
    is_in_period
