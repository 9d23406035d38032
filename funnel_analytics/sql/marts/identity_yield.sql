-- One row per rule that joins ids, in the order of the rules: `links` it made that no rule before
-- it had, counted `leads` and touches of theirs (`touches`) that it reached, and `conflicts` it
-- met. 'ids': a link is an id joined to another; a conflict is a lead that became several contacts
-- of one system. 'email': persons joined by one hash; a hash of several persons by their ids.
-- 'visitor': visitors that became somebody's; those seen with several persons, who stay nobody's.
-- 'domain': company domains that gave leads their account; those of several accounts of one system,
-- which gave none.
-- params: none
create table identity_yield as
with

records as (

    select
        node,
        person_by_ids,
        person
    from person_nodes
    where left(node, 1) <> '4'

),

by_ids as (

    select
        person_by_ids,
        min(person) as person,
        count(*) as ids
    from records
    group by person_by_ids

),

by_email as (

    select
        person,
        count(*) as persons
    from by_ids
    group by person

),

seen as (

    select distinct person
    from person_visitors
    where person is not null

),

lead_nodes as (

    select
        count(*) filter (by_ids.ids > 1) as leads_by_ids,
        count(*) filter (by_email.persons > 1) as leads_by_email,
        count(seen.person) as leads_by_visitor
    from leads
    inner join records on '2' || leads.lead = records.node
    inner join by_ids on records.person_by_ids = by_ids.person_by_ids
    inner join by_email on records.person = by_email.person
    left join seen on records.person = seen.person

),

touched as (

    select
        touch_people.found_by,
        count(*) as touches
    from touch_people
    where touch_people.person_key in (select lead_people.person_key from lead_people)
    group by touch_people.found_by

),

torn_leads as (

    select end_lead
    from lead_contacts
    group by
        end_lead,
        left(contact_group, strpos(contact_group, ':'))
    having count(*) > 1

),

torn_addresses as (

    select distinct email_node
    from email_persons
    where
        is_conflict
        or is_other

),

part_domains as (

    select
        lead_parts.survivor,
        domain_accounts.domain,
        domain_accounts.account
    from lead_parts
    inner join lead on lead_parts.lead = lead.lead
    inner join domain_accounts
        on
            lead.domain = domain_accounts.domain
            and left(lead.lead, strpos(lead.lead, ':')) = domain_accounts.system

),

torn_domains as (

    select distinct part_domains.domain
    from leads
    inner join part_domains on leads.lead = part_domains.survivor
    where leads.account is null

),

used_domains as (

    select
        count(distinct part_domains.domain) as domains,
        count(distinct leads.lead_no) as leads
    from leads
    inner join part_domains
        on
            leads.lead = part_domains.survivor
            and leads.account = part_domains.account
    where leads.account_by = 'domain'

),

found as (

    select
        'ids' as rule,
        coalesce(sum(ids - 1), 0) as links,
        0 as conflicts
    from by_ids
    union all
    select
        'ids' as rule,
        0 as links,
        count(distinct end_lead) as conflicts
    from torn_leads
    union all
    select
        'email' as rule,
        coalesce(sum(persons - 1), 0) as links,
        0 as conflicts
    from by_email
    union all
    select
        'email' as rule,
        0 as links,
        count(*) as conflicts
    from torn_addresses
    union all
    select
        'visitor' as rule,
        count(*) filter (persons = 1) as links,
        count(*) filter (persons > 1) as conflicts
    from person_visitors
    union all
    select
        'domain' as rule,
        domains as links,
        0 as conflicts
    from used_domains
    union all
    select
        'domain' as rule,
        0 as links,
        count(*) as conflicts
    from torn_domains

),

reached as (

    select
        1 as place,
        'ids' as rule,
        leads_by_ids as leads
    from lead_nodes
    union all
    select
        2 as place,
        'email' as rule,
        leads_by_email as leads
    from lead_nodes
    union all
    select
        3 as place,
        'visitor' as rule,
        leads_by_visitor as leads
    from lead_nodes
    union all
    select
        4 as place,
        'domain' as rule,
        leads
    from used_domains

),

totals as (

    select
        rule,
        cast(sum(links) as bigint) as links,
        cast(sum(conflicts) as bigint) as conflicts
    from found
    group by rule

)

select
    reached.rule,
    totals.links,
    reached.leads,
    coalesce(touched.touches, 0) as touches,
    totals.conflicts
from reached
inner join totals on reached.rule = totals.rule
left join touched on reached.rule = touched.found_by
order by reached.place
