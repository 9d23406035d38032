-- One row per canonical table that holds rows.
-- params: none
select
    table_name,
    row_count
from table_counts
order by table_name
