-- One row: the latest value that one load brought of a column that no export can hold before it
-- happened.
-- params: load_no
select max({{ column }}) as latest
from {{ table }}
where load_no = $load_no
