-- One row per person key, lead, contact and e-mail hash: the node that stands for the person it
-- belongs to by ids alone, and by ids and e-mail hashes.
-- params: none
create or replace temp table person_nodes as
with

nodes as (

    select key_node as node
    from person_mentions
    where key_node is not null
    union
    select lead_node as node
    from person_mentions
    where lead_node is not null
    union
    select contact_node as node
    from person_mentions
    where contact_node is not null
    union
    select email_node as node
    from person_mentions
    where email_node is not null
    union
    select '3' || contact as node
    from contact_groups

),

by_ids as (

    select
        nodes.node,
        coalesce(persons_by_ids.component, nodes.node) as person_by_ids
    from nodes
    left join persons_by_ids on nodes.node = persons_by_ids.node

)

select
    by_ids.node,
    by_ids.person_by_ids,
    coalesce(components.component, by_ids.person_by_ids) as person
from by_ids
left join components on by_ids.person_by_ids = components.node
