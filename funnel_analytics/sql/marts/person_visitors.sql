-- One row per web visitor that was seen together with somebody: how many persons that was, and who
-- if it was one.
-- params: none
create or replace temp table person_visitors as
with

seen as (

    select
        person_mentions.visitor_node,
        person_nodes.person
    from person_mentions
    inner join person_nodes
        on
            coalesce(
                person_mentions.key_node,
                person_mentions.lead_node,
                person_mentions.contact_node,
                person_mentions.email_node
            ) = person_nodes.node
    where person_mentions.visitor_node is not null

)

select
    visitor_node as node,
    count(distinct person) as persons,
    case when count(distinct person) = 1 then min(person) end as person
from seen
group by visitor_node
