-- One row per row of a table that has a certain id; two at the most.
-- params: id
select *
from {{ table }}
where {{ key[0] }} = $id
order by source_row
limit 2
