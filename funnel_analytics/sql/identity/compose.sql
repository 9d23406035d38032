-- One row per node that belongs to a smaller one, the smallest of those it is linked to, at once or
-- through others.
-- params: none
create or replace temp table components as
select
    components.node,
    coalesce(parents.parent, components.component) as component
from components
left join parents on components.component = parents.node
union all
select
    parents.node,
    parents.parent as component
from parents
