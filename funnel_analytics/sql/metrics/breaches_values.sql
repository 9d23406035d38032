-- One row per origin and amount: the won deals that leads brought (expansions and renewals count
-- only where a lead was converted into them), by the origin of the first such lead.
-- params: none
with

first_leads as (

    select
        deal,
        min(lead_no) as lead_no
    from event_leads
    group by deal

)

select
    leads.origin,
    won_deals.amount,
    count(*) as deals
from won_deals
left join first_leads on won_deals.deal = first_leads.deal
left join leads on first_leads.lead_no = leads.lead_no
where
    won_deals.amount > 0
    and (
        leads.lead_no is not null
        or coalesce(won_deals.kind, 'new') not in ('expansion', 'renewal')
    )
group by
    leads.origin,
    won_deals.amount
order by
    leads.origin,
    won_deals.amount
