-- One row per column of a table of the warehouse as it was.
-- params: none
select
    table_name,
    column_name
from information_schema.columns
where table_schema = 'main'
