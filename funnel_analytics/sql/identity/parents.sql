-- One row per node that is linked to a smaller one: the smallest of them.
-- params: none
create or replace temp table parents as
with

both_ways as (

    select
        node,
        other
    from links
    union all
    select
        other as node,
        node as other
    from links

)

select
    node,
    min(other) as parent
from both_ways
group by node
having min(other) < node
