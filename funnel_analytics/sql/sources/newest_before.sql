-- One row at the most: the newest export of a file's kinds that had been loaded before it.
-- A kind is what has the same system, name pattern, part and table.
-- params: load_nos, loaded_with
with

kinds as (

    select distinct
        system,
        pattern,
        part,
        table_name
    from load_log
    where list_contains($load_nos, load_no)

)

select
    load_log.exported_at,
    load_log.file
from load_log
inner join kinds
    on
        load_log.table_name = kinds.table_name
        and load_log.system is not distinct from kinds.system
        and load_log.pattern is not distinct from kinds.pattern
        and load_log.part is not distinct from kinds.part
where
    load_log.loaded_with < $loaded_with
    and load_log.exported_at is not null
order by
    load_log.exported_at desc,
    load_log.loaded_with desc,
    load_log.load_no desc
limit 1
