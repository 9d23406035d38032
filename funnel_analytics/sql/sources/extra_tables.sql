-- One row per table of the warehouse that is computed from others.
-- params: kept
select table_name
from duckdb_tables()
where
    not temporary
    and not list_contains($kept, table_name)
order by table_name
