-- One row per account and person of it: of its counted leads, of its contacts, and on its counted
-- deals. Contacts that stand for nobody but deleted or test leads are out, and so are deleted ones.
-- params: none
create table account_people as
with

of_leads as (

    select
        account_numbers.account_no,
        lead_people.person_no
    from leads
    inner join account_numbers on leads.account = account_numbers.account
    inner join lead_people on leads.lead_no = lead_people.lead_no

),

uncounted_contacts as (

    select id
    from named_leads
    where in_contact_place
    group by id
    having count(lead_no) = 0

),

of_contacts as (

    select
        account_numbers.account_no,
        person_numbers.person_no
    from contact
    inner join account_numbers on contact.account = account_numbers.account
    inner join people
        on
            contact.contact = people.id
            and people.kind = 'contact'
    inner join person_numbers on people.person_key = person_numbers.person_key
    left join uncounted_contacts on contact.contact = uncounted_contacts.id
    where
        uncounted_contacts.id is null
        and not coalesce(contact.is_deleted, false)

),

on_deals as (

    select
        account_numbers.account_no,
        deal_people.person_no
    from deal
    inner join account_numbers on deal.account = account_numbers.account
    inner join deal_people on deal.deal = deal_people.deal
    where not coalesce(deal.is_deleted, false)

)

select
    account_no,
    person_no
from of_leads
union
select
    account_no,
    person_no
from of_contacts
union
select
    account_no,
    person_no
from on_deals
order by
    account_no,
    person_no
