-- One row per segment, status and reason (missing: none given): the deals won after the closing by
-- leads that took the status in the period (each once per status, by the first time that they did)
-- and were won after it. A deal is shared equally by the won leads on it; one without an amount
-- counts, and brings nothing.
-- params: period_start, period_end, by, minimum_group_size, folded
with

{{ first_closings() }}

shares as (

    select
        deal_leads.lead_no,
        deal_leads.deal,
        won_deals.closed_by_at,
        won_deals.amount / count(*) over (partition by deal_leads.deal) as share
    from deal_leads
    inner join wins on deal_leads.lead_no = wins.lead_no
    inner join won_deals on deal_leads.deal = won_deals.deal

)

select
    segments.segment,
    segments.is_folded,
    firsts.status,
    firsts.reason,
    count(distinct shares.deal) as won_deals,
    count(shares.share) as valued,
    sum(shares.share order by shares.deal, shares.lead_no) as won_amount
from firsts
inner join wins
    on
        firsts.lead_no = wins.lead_no
        and firsts.stay_no < wins.stay_no
inner join shares
    on
        firsts.lead_no = shares.lead_no
        and firsts.closed_at <= shares.closed_by_at
left join lead_attributes
    on
        firsts.lead_no = lead_attributes.lead_no
        and lead_attributes.attribute = $by
inner join segments on lead_attributes.value is not distinct from segments.value
group by
    segments.segment,
    segments.is_folded,
    firsts.status,
    firsts.reason
order by
    segments.segment,
    segments.is_folded,
    firsts.status,
    firsts.reason
