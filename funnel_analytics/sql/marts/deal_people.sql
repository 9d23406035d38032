-- One row per counted deal and person on its buying side, merged parts of a lead included. A person
-- that only a deleted or test lead names is left out; so is every person of a deal that has leads,
-- none of which counts.
-- params: none
create table deal_people as
with

uncounted as (

    select deal
    from deal_leads
    group by deal
    having count(lead_no) = 0

)

select
    deal_leads.deal,
    lead.person_key
from deal_leads
inner join survivors on deal_leads.lead = survivors.survivor
inner join lead on survivors.lead = lead.lead
where
    deal_leads.lead_no is not null
    and lead.person_key is not null
union
select
    deal_contact.deal,
    deal_contact.person_key
from deal_contact
left join uncounted on deal_contact.deal = uncounted.deal
where
    deal_contact.person_key is not null
    and uncounted.deal is null
