-- One row per log of a file and table that held rows of the person: they count as forgotten.
-- params: none
update load_log
set
    rows_loaded = load_log.rows_loaded - gone.gone_rows,
    rows_forgotten = coalesce(load_log.rows_forgotten, 0) + gone.gone_rows
from (
    select
        forgotten_rows.table_name,
        forgotten_rows.load_no,
        count(*) as gone_rows
    from forgotten_rows
    group by forgotten_rows.table_name, forgotten_rows.load_no
) as gone
where
    load_log.load_no = gone.load_no
    and load_log.table_name = gone.table_name
