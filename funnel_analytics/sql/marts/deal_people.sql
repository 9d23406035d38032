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

),

-- Contacts that stand for nobody but deleted or test leads.
uncounted_contacts as (

    select id
    from named_leads
    where in_contact_place
    group by id
    having count(lead_no) = 0

),

contacts_on_deals as (

    select
        deal_contact.deal,
        deal_contact.person_key,
        coalesce(deal_contact.contact, deal_contact.lead) as contact
    from deal_contact
    left join uncounted on deal_contact.deal = uncounted.deal
    where uncounted.deal is null

),

contact_people as (

    select
        contacts_on_deals.deal,
        people.person_key
    from contacts_on_deals
    inner join people
        on
            contacts_on_deals.person_key = people.id
            and people.kind = 'person_key'
    union
    select
        contacts_on_deals.deal,
        people.person_key
    from contacts_on_deals
    inner join people
        on
            contacts_on_deals.contact = people.id
            and people.kind = 'contact'
    left join uncounted_contacts on contacts_on_deals.contact = uncounted_contacts.id
    where uncounted_contacts.id is null

)

select
    deal_leads.deal,
    lead_people.person_key,
    lead_people.person_no
from deal_leads
inner join lead_people on deal_leads.lead_no = lead_people.lead_no
union
select
    contact_people.deal,
    contact_people.person_key,
    person_numbers.person_no
from contact_people
inner join person_numbers on contact_people.person_key = person_numbers.person_key
order by
    deal,
    person_no
