-- One row per value of a win: how many won leads of the history brought it, or how many deals that
-- come from leads without a won lead on them. A won lead's value is the sum of its won deals; a
-- deal is shared equally by the won leads on it. Deals without an amount above zero bring nothing.
-- params: history_from
with

won_leads as (

    select
        deal_leads.deal,
        deal_leads.lead_no,
        count(*) over (partition by deal_leads.deal) as leads
    from deal_leads
    inner join lead_progress on deal_leads.lead_no = lead_progress.lead_no
    where lead_progress.furthest = {{ stages[-1] }}

),

shares as (

    select
        won_deals.deal,
        won_leads.lead_no,
        won_deals.amount / coalesce(won_leads.leads, 1) as share
    from won_deals
    left join won_leads on won_deals.deal = won_leads.deal
    where
        won_deals.closed_at >= $history_from
        and won_deals.amount > 0
        and (
            won_leads.lead_no is not null
            or coalesce(won_deals.kind, 'new') not in ('expansion', 'renewal')
        )

),

-- Sums in the order of the deals: the last digits do not hang on the order of the rows.
wins as (

    select
        sum(share order by deal) as value,
        true as is_lead
    from shares
    where lead_no is not null
    group by lead_no
    union all
    select
        share as value,
        false as is_lead
    from shares
    where lead_no is null

)

select
    value,
    is_lead,
    count(*) as wins
from wins
group by
    value,
    is_lead
order by
    value,
    is_lead
