-- One row per entry that snapshots gave: it is derived anew at each build.
-- params: none
delete from stage_event
where load_no in (
    select load_log.load_no from load_log
    where load_log.table_name = 'snapshot'
)
