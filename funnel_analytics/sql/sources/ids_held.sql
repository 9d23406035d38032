-- One row per id out of a list that a table's column holds.
-- params: ids
select distinct {{ column }} as id
from {{ table }}
where list_contains($ids, {{ column }})
