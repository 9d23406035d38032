-- One row per deal and person (or lead) on its buying side.
-- params: none
create table deal_people as
select
    lead.deal,
    lead.person_key
from lead
where
    lead.deal is not null
    and lead.person_key is not null
union
select
    deal_contact.deal,
    deal_contact.person_key
from deal_contact
where deal_contact.person_key is not null
union
select
    deal_contact.deal,
    lead.person_key
from deal_contact
inner join lead on deal_contact.lead = lead.lead
where lead.person_key is not null
