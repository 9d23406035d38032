-- One row per table or view of a database file that holds an event log, and the database's name.
-- params: none
select
    table_catalog,
    table_name
from information_schema.tables
where
    table_catalog = current_database()
    and table_schema = current_schema()
order by table_name
