-- One row per loaded file and canonical table, or part of one.
-- params: none
select
    load_no,
    file,
    sha256,
    system,
    pattern,
    part,
    preset,
    preset_sha256,
    table_name,
    encoding,
    delimiter,
    date_format,
    exported_at,
    exported_at_source,
    rows_read,
    rows_loaded,
    rows_quarantined,
    rows_duplicate,
    rows_other,
    rows_total,
    rows_superseded,
    rows_forgotten,
    values_quarantined
from load_log
order by load_no, table_name
