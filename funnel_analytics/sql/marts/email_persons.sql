-- One row per e-mail hash and person, as far as ids tell them apart, that one row names together.
-- `is_conflict`: ids say that the address has several persons. These are leads that became
-- different contacts of one system, or that have no account of one system in common; where no
-- counted lead has the address, contacts of different accounts. `is_torn`: so it joins nobody; but
-- leads that the agreement merges by their address are one person. `is_other`: it does not join
-- this person, who has no lead and is known to be of another account than the leads are.
-- params: merges_by_email
create or replace temp table email_persons as
with

mentioned as (

    select distinct
        person_mentions.email_node,
        coalesce(persons_by_ids.component, person_mentions.owner_node) as person
    from person_mentions
    left join persons_by_ids on person_mentions.owner_node = persons_by_ids.node
    where
        not person_mentions.is_test
        and person_mentions.email_node is not null
        and person_mentions.owner_node is not null

),

shared as (

    select
        email_node,
        person
    from mentioned
    qualify count(*) over (partition by email_node) > 1

),

records as (

    select
        '2' || lead as node,
        null as contact_system,
        account
    from lead
    where
        not coalesce(is_deleted, false)
        and not coalesce(is_test, false)
    union all
    select
        '3' || contact_groups.contact as node,
        left(contact_groups.contact, strpos(contact_groups.contact, ':')) as contact_system,
        case when not coalesce(contact.is_deleted, false) then contact.account end as account
    from contact_groups
    left join contact on contact_groups.contact = contact.contact

),

owned as (

    select
        coalesce(persons_by_ids.component, records.node) as person,
        records.contact_system,
        records.account
    from records
    left join persons_by_ids on records.node = persons_by_ids.node

),

of_leads as (

    select distinct person
    from owned
    where contact_system is null

),

placed as (

    select
        shared.email_node,
        shared.person,
        of_leads.person is not null as has_lead,
        count(of_leads.person) over (partition by shared.email_node) > 0 as is_of_leads
    from shared
    left join of_leads on shared.person = of_leads.person

),

torn_by_contacts as (

    select placed.email_node
    from placed
    inner join owned on placed.person = owned.person
    where
        placed.has_lead
        and owned.contact_system is not null
    group by
        placed.email_node,
        owned.contact_system
    having count(distinct placed.person) > 1

),

accounts as (

    select distinct
        placed.email_node,
        placed.person,
        placed.has_lead or not placed.is_of_leads as is_judged,
        left(owned.account, strpos(owned.account, ':')) as system,
        owned.account
    from placed
    inner join owned on placed.person = owned.person
    where owned.account is not null

),

holders as (

    select
        email_node,
        system,
        count(distinct person) as persons
    from accounts
    where is_judged
    group by
        email_node,
        system

),

in_common as (

    select
        accounts.email_node,
        accounts.system,
        accounts.account
    from accounts
    inner join holders
        on
            accounts.email_node = holders.email_node
            and accounts.system = holders.system
    where accounts.is_judged
    group by
        accounts.email_node,
        accounts.system,
        accounts.account
    having count(*) = min(holders.persons)

),

conflicts as (

    select email_node
    from torn_by_contacts
    union
    select holders.email_node
    from holders
    left join in_common
        on
            holders.email_node = in_common.email_node
            and holders.system = in_common.system
    where in_common.account is null

),

disjoint as (

    select
        accounts.email_node,
        accounts.person
    from accounts
    inner join holders
        on
            accounts.email_node = holders.email_node
            and accounts.system = holders.system
    left join in_common
        on
            accounts.email_node = in_common.email_node
            and accounts.account = in_common.account
    where not accounts.is_judged
    group by
        accounts.email_node,
        accounts.person,
        accounts.system
    having count(in_common.account) = 0

),

others as (

    select distinct
        email_node,
        person
    from disjoint

)

select
    mentioned.email_node,
    mentioned.person,
    conflicts.email_node is not null as is_conflict,
    conflicts.email_node is not null
    and not ($merges_by_email and coalesce(placed.is_of_leads, false)) as is_torn,
    others.person is not null as is_other
from mentioned
left join placed
    on
        mentioned.email_node = placed.email_node
        and mentioned.person = placed.person
left join conflicts on mentioned.email_node = conflicts.email_node
left join others
    on
        mentioned.email_node = others.email_node
        and mentioned.person = others.person
