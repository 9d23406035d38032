-- One row: rows of a table that no logged load brought.
-- params: none
select count(*) as unlogged_rows
from {{ table }}
where
    load_no is null
    or load_no not in (select load_log.load_no from load_log)
