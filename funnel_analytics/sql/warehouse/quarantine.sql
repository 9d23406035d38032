-- One row per record or value of an export that could not be read as the preset says.
-- params: none
select
    load_log.system,
    quarantine.file,
    quarantine.table_name,
    quarantine.line,
    quarantine.column_name,
    quarantine.value,
    quarantine.reason,
    quarantine.is_row_lost
from quarantine
inner join load_log on quarantine.load_no = load_log.load_no
order by load_log.system, quarantine.file, quarantine.line, quarantine.column_name
