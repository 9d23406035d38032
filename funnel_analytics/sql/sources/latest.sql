-- One row: the latest value of a column that no export can hold before it happened.
-- params: none
select max({{ column }}) as latest
from {{ table }}
