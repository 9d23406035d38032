-- One row per deal and loaded lead on it, after merges; `lead_no` is missing where the lead does
-- not count. A contact on the deal stands for the lead that it meant when the deal was created.
-- params: as_of
create table deal_leads as
with

on_deals as (

    select
        deal_contact.deal,
        deal_contact.lead,
        deal_contact.contact,
        coalesce(deal.created_at, deal_contact.added_at, deal.closed_at, $as_of) as met_at
    from deal_contact
    left join deal on deal_contact.deal = deal.deal

),

linked as (

    select
        lead.deal,
        survivors.survivor
    from lead
    inner join survivors on lead.lead = survivors.lead
    where lead.deal is not null
    union
    select
        on_deals.deal,
        named_leads.lead as survivor
    from on_deals
    inner join named_leads
        on
            on_deals.lead = named_leads.id
            and named_leads.in_lead_place
            and coalesce(on_deals.met_at >= named_leads.starts_at, true)
            and coalesce(on_deals.met_at < named_leads.ends_at, true)
    union
    select
        on_deals.deal,
        named_leads.lead as survivor
    from on_deals
    inner join named_leads
        on
            on_deals.contact = named_leads.id
            and named_leads.in_contact_place
            and coalesce(on_deals.met_at >= named_leads.starts_at, true)
            and coalesce(on_deals.met_at < named_leads.ends_at, true)
    where on_deals.lead is null

)

select
    linked.deal,
    linked.survivor as lead,
    leads.lead_no,
    leads.created_at
from linked
left join leads on linked.survivor = leads.lead
order by
    linked.deal,
    linked.survivor
