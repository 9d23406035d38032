-- One row per contact and lead it may stand for, after merges of both. First by ids. A contact
-- without any such lead stands for the leads with its e-mail address, where the address is one
-- person's, unless contact and lead are known to be of different accounts of one system.
-- params: none
create or replace temp table contact_leads as
with

groups_by_ids as (

    select distinct
        lead_contacts.contact_group,
        lead_survivors.survivor
    from lead_contacts
    inner join lead_survivors on lead_contacts.end_lead = lead_survivors.lead

),

addresses as (

    select distinct
        contact_groups.contact_group,
        contact.email,
        contact.account
    from contact
    inner join contact_groups on contact.contact = contact_groups.contact
    left join groups_by_ids on contact_groups.contact_group = groups_by_ids.contact_group
    left join persons_by_ids on '3' || contact_groups.contact_group = persons_by_ids.node
    inner join email_persons
        on
            '4' || contact.email = email_persons.email_node
            and coalesce(persons_by_ids.component, '3' || contact_groups.contact_group)
            = email_persons.person
    where
        groups_by_ids.contact_group is null
        and not email_persons.is_torn
        and not email_persons.is_other

),

groups_by_email as (

    select distinct
        addresses.contact_group,
        lead_survivors.survivor
    from addresses
    inner join lead on addresses.email = lead.email
    inner join lead_survivors on lead.lead = lead_survivors.lead
    where
        coalesce(addresses.account = lead.account, true)
        or left(addresses.account, strpos(addresses.account, ':'))
        <> left(lead.account, strpos(lead.account, ':'))

),

every as (

    select
        contact_group,
        survivor,
        true as is_by_ids
    from groups_by_ids
    union all
    select
        contact_group,
        survivor,
        false as is_by_ids
    from groups_by_email

)

select
    contact_groups.contact,
    every.survivor,
    every.is_by_ids
from every
inner join contact_groups on every.contact_group = contact_groups.contact_group
