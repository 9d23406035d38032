-- One row per node that belongs to a smaller one; none yet.
-- params: none
create or replace temp table components as
select
    node,
    other as component
from links
where node is null
