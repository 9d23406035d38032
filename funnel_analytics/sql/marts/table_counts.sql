-- One row per canonical table that holds rows.
-- params: none
create table table_counts as
select
    table_name,
    cast(sum(rows_loaded) as bigint) as row_count
from load_log
group by table_name
having sum(rows_loaded) > 0
order by table_name
