-- One row per counted deal and person on its buying side. A person that only a deleted or test lead
-- names is left out; so is every person of a deal that has leads, none of which counts.
-- params: none
create table deal_people as
with

linked_leads as (

    select
        lead.deal,
        lead.lead
    from lead
    where lead.deal is not null
    union
    select
        deal_contact.deal,
        deal_contact.lead
    from deal_contact
    where deal_contact.lead is not null

),

known as (

    select
        linked_leads.deal,
        lead.person_key,
        leads.lead_no
    from linked_leads
    inner join lead on linked_leads.lead = lead.lead
    inner join survivors on lead.lead = survivors.lead
    left join leads on survivors.survivor = leads.lead

),

uncounted as (

    select deal
    from known
    group by deal
    having count(lead_no) = 0

)

select
    deal,
    person_key
from known
where
    lead_no is not null
    and person_key is not null
union
select
    deal_contact.deal,
    deal_contact.person_key
from deal_contact
left join uncounted on deal_contact.deal = uncounted.deal
where
    deal_contact.person_key is not null
    and uncounted.deal is null
