-- One row per id of a person: a person key, a lead, a contact, an e-mail hash, a web visitor, and
-- the person it belongs to. A person is named by the smallest person key, else the smallest lead,
-- contact or e-mail hash. Visitors that were seen with nobody, or with several persons, are no
-- one's. `is_known`: the person has a lead, a contact or an address of their own.
-- params: none
create table people as
with

every as (

    select
        node,
        person,
        is_known
    from person_nodes
    union all
    select
        node,
        person,
        persons = 1 as is_known
    from person_visitors
    where person is not null

)

select
    case left(node, 1)
        when '1' then 'person_key'
        when '2' then 'lead'
        when '3' then 'contact'
        when '4' then 'email'
        when '5' then 'visitor'
    end as kind,
    substr(node, 2) as id,
    case left(person, 1)
        when '1' then substr(person, 2)
        when '2' then 'lead ' || substr(person, 2)
        when '3' then 'contact ' || substr(person, 2)
        when '4' then 'email ' || substr(person, 2)
    end as person_key,
    is_known
from every
