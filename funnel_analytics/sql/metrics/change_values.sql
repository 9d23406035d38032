-- One row per cohort (before or after), value of the attribute and amount: how many won leads
-- brought it, and on how many of them is a won deal without an amount. A won lead brings the sum of
-- its won deals, each shared equally by the won leads on it; nothing known is 0.
-- params: before_start, before_end, after_start, after_end, by
with

won_leads as (

    select
        lead_no,
        created_at
    from lead_progress
    where furthest = {{ stages[-1] }}

),

shares as (

    select
        won_leads.lead_no,
        won_leads.created_at,
        won_deals.deal,
        won_deals.amount
        / count(*) over (partition by won_deals.deal) as share
    from won_leads
    inner join deal_leads on won_leads.lead_no = deal_leads.lead_no
    inner join won_deals on deal_leads.deal = won_deals.deal

),

-- Sums in the order of the deals: the last digits do not hang on the order of the rows.
brought as (

    select
        lead_no,
        sum(share order by deal) as amount,
        count(*) - count(share) as deals_without_amount
    from shares
    group by lead_no

)

select
    won_leads.created_at >= $before_start and won_leads.created_at < $before_end as is_before,
    lead_attributes.value,
    coalesce(brought.amount, 0) as amount,
    count(*) as won_leads,
    count(case when coalesce(brought.deals_without_amount, 1) > 0 then 1 end)
        as leads_without_amount
from won_leads
left join brought on won_leads.lead_no = brought.lead_no
left join lead_attributes
    on
        won_leads.lead_no = lead_attributes.lead_no
        and lead_attributes.attribute = $by
where
    (won_leads.created_at >= $before_start and won_leads.created_at < $before_end)
    or (won_leads.created_at >= $after_start and won_leads.created_at < $after_end)
group by
    is_before,
    lead_attributes.value,
    brought.amount
order by
    is_before,
    lead_attributes.value,
    brought.amount
