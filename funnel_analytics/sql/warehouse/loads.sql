-- One row per loaded file and canonical table.
-- params: none
select
    load_no,
    file,
    sha256,
    system,
    pattern,
    preset,
    preset_sha256,
    table_name,
    encoding,
    delimiter,
    date_format,
    rows_read,
    rows_loaded,
    rows_quarantined,
    rows_duplicate,
    rows_other,
    values_quarantined
from load_log
order by load_no, table_name
