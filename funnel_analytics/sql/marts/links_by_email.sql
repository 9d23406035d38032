-- One row per e-mail hash and person, as far as ids tell them apart, that one row names together.
-- params: none
create or replace temp table links as
with

owned as (

    select
        coalesce(key_node, lead_node, contact_node) as node,
        email_node
    from person_mentions
    where
        not is_test
        and email_node is not null

)

select distinct
    coalesce(components.component, owned.node) as node,
    owned.email_node as other
from owned
left join components on owned.node = components.node
where owned.node is not null
