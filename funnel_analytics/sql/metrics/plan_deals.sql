-- One row per amount, number of won leads, origin and place in time of the won deals: how many.
-- A deal comes from leads if a won lead is on it, or if it is no expansion or renewal. The amount
-- is missing where nobody entered one above zero.
-- params: history_from, period_start, period_end
with

won_leads as (

    select
        leads.deal,
        count(*) as leads
    from leads
    inner join lead_progress on leads.lead_no = lead_progress.lead_no
    where
        leads.deal is not null
        and lead_progress.furthest = {{ stages[-1] }}
    group by leads.deal

),

deals as (

    select
        won_deals.deal,
        case when won_deals.amount > 0 then won_deals.amount end as amount,
        coalesce(won_leads.leads, 0) as leads,
        won_leads.leads is not null
        or coalesce(won_deals.kind, 'new') not in ('expansion', 'renewal') as is_from_leads,
        won_deals.closed_at >= $history_from as is_in_history,
        won_deals.closed_at >= $period_start
        and won_deals.closed_at < $period_end as is_in_period
    from won_deals
    left join won_leads on won_deals.deal = won_leads.deal

)

select
    amount,
    leads,
    is_from_leads,
    is_in_history,
    is_in_period,
    count(*) as deals
from deals
group by
    amount,
    leads,
    is_from_leads,
    is_in_history,
    is_in_period
order by
    amount,
    leads,
    is_from_leads,
    is_in_history,
    is_in_period
