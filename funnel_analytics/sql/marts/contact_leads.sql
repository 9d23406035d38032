-- One row per contact and lead it may stand for, after merges of both. First by ids: the lead was
-- converted into the contact, or rows of deals or touches name both. A contact without any such
-- lead stands for the leads with its e-mail address, unless they are known to be of another
-- account.
-- params: none
create or replace temp table contact_leads as
with

by_ids as (

    select
        lead,
        contact
    from lead
    where contact is not null
    union
    select
        lead,
        contact
    from contact
    where lead is not null
    union
    select
        lead,
        contact
    from deal_contact
    where
        lead is not null
        and contact is not null
    union
    select
        lead,
        contact
    from touch
    where
        lead is not null
        and contact is not null

),

groups_by_ids as (

    select distinct
        contact_groups.contact_group,
        lead_survivors.survivor
    from by_ids
    inner join lead_survivors on by_ids.lead = lead_survivors.lead
    inner join contact_groups on by_ids.contact = contact_groups.contact

),

addresses as (

    select distinct
        contact_groups.contact_group,
        contact.email,
        contact.account
    from contact
    inner join contact_groups on contact.contact = contact_groups.contact
    left join groups_by_ids on contact_groups.contact_group = groups_by_ids.contact_group
    where
        contact.email is not null
        and groups_by_ids.contact_group is null

),

groups_by_email as (

    select distinct
        addresses.contact_group,
        lead_survivors.survivor
    from addresses
    inner join lead on addresses.email = lead.email
    inner join lead_survivors on lead.lead = lead_survivors.lead
    where coalesce(addresses.account = lead.account, true)

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
