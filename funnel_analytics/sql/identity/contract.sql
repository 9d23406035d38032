-- One row per link that is left between nodes that belong to no smaller one.
-- params: none
create or replace temp table links as
with

lifted as (

    select
        coalesce(one.parent, links.node) as node,
        coalesce(two.parent, links.other) as other
    from links
    left join parents as one on links.node = one.node
    left join parents as two on links.other = two.node

)

select distinct
    least(node, other) as node,
    greatest(node, other) as other
from lifted
where node <> other
