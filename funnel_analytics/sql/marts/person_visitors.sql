-- One row per web visitor that was seen together with somebody: how many known persons that was,
-- and who if it was one. What names nobody who is known is no second person; where it is all that
-- the visitor was seen with, and always the same, it is who they are.
-- params: none
create or replace temp table person_visitors as
with

seen as (

    select distinct
        person_mentions.visitor_node,
        person_nodes.person,
        person_nodes.is_known
    from person_mentions
    inner join person_nodes
        on coalesce(person_mentions.owner_node, person_mentions.email_node) = person_nodes.node
    where person_mentions.visitor_node is not null

)

select
    visitor_node as node,
    count(*) filter (is_known) as persons,
    case
        when count(*) filter (is_known) = 1 then min(person) filter (is_known)
        when count(*) = 1 then min(person)
    end as person
from seen
group by visitor_node
