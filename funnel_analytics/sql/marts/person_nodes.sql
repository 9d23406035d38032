-- One row per person key, lead, contact and e-mail hash: the node that stands for the person it
-- belongs to by ids alone, and by ids and e-mail hashes. `is_known`: that person has a lead, a
-- contact or an address that is theirs alone; a bare key may be anybody's.
-- params: none
create or replace temp table person_nodes as
with

nodes as (

    select unnest([key_node, lead_node, contact_node, web_user_node, email_node]) as node
    from person_mentions
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
    where nodes.node is not null

),

torn as (

    select distinct email_node
    from email_persons
    where is_torn

),

joined as (

    select
        by_ids.node,
        by_ids.person_by_ids,
        coalesce(components.component, by_ids.person_by_ids) as person,
        left(by_ids.node, 1) <> '1' and torn.email_node is null as is_proof
    from by_ids
    left join components on by_ids.person_by_ids = components.node
    left join torn on by_ids.node = torn.email_node

)

select
    node,
    person_by_ids,
    person,
    bool_or(is_proof) over (partition by person) as is_known
from joined
