-- One row per node that is linked to a smaller one: its parent's parent, or its parent at the top.
-- params: none
create or replace temp table parents as
select
    parents.node,
    coalesce(above.parent, parents.parent) as parent
from parents
left join parents as above on parents.parent = above.node
