-- One row per loaded file and column: the header it was read from and the form of its values.
-- params: none
select
    load_log.system,
    load_log.file,
    load_columns.table_name,
    load_columns.column_name,
    load_columns.header,
    load_columns.form,
    load_columns.is_detected,
    load_columns.values_read,
    load_columns.values_quarantined
from load_columns
inner join load_log on load_columns.load_no = load_log.load_no
order by load_log.load_no, load_columns.column_name
