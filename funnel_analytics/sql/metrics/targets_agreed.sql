-- One row per loaded target: what it says, and where it stands in its file.
-- params: none
select
    load_log.file,
    target.source_row,
    target.month,
    target.metric,
    coalesce(target.dimension, '') as dimension,
    target.value
from target
left join load_log
    on
        target.load_no = load_log.load_no
        and load_log.table_name = 'target'
order by
    target.load_no,
    target.source_row
