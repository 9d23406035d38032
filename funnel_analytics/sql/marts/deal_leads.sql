-- One row per deal and loaded lead on it, after merges; `lead_no` is missing where the lead does
-- not count.
-- params: none
create table deal_leads as
with

linked as (

    select
        lead.deal,
        survivors.survivor
    from lead
    inner join survivors on lead.lead = survivors.lead
    where lead.deal is not null
    union
    select
        deal_contact.deal,
        survivors.survivor
    from deal_contact
    inner join survivors on deal_contact.lead = survivors.lead

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
