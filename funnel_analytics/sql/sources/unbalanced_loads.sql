-- One row per file and table whose rows do not add up, or of which other rows are there than the
-- log says.
-- params: none
with

stored as (

    select
        load_no,
        count(*) as stored_rows
    from {{ table }}
    group by load_no

),

balances as (

    select
        load_log.file,
        load_log.load_no,
        load_log.rows_read,
        load_log.rows_loaded,
        load_log.rows_loaded + load_log.rows_quarantined + load_log.rows_duplicate
        + load_log.rows_other
        + coalesce(load_log.rows_total, 0)
        + coalesce(load_log.rows_superseded, 0)
        + coalesce(load_log.rows_forgotten, 0) as rows_known,
        coalesce(stored.stored_rows, 0) as rows_stored
    from load_log
    left join stored on load_log.load_no = stored.load_no
    where load_log.table_name = '{{ table }}'

)

select
    file,
    load_no,
    rows_read,
    rows_known,
    rows_loaded,
    rows_stored
from balances
where
    rows_read is distinct from rows_known
    or rows_loaded is distinct from rows_stored
order by load_no
