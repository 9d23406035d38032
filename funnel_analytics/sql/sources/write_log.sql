-- One row: what came of one file and table.
-- params: load_no, file, sha256, system, pattern, part, preset, preset_sha256, table_name,
-- encoding, delimiter, date_format, exported_at, rows_read, rows_loaded, rows_quarantined,
-- rows_duplicate, rows_other, rows_total, values_quarantined
insert into load_log by name
select
    $load_no as load_no,
    $file as file,
    $sha256 as sha256,
    $system as system,
    $pattern as pattern,
    $part as part,
    $preset as preset,
    $preset_sha256 as preset_sha256,
    $table_name as table_name,
    $encoding as encoding,
    $delimiter as delimiter,
    $date_format as date_format,
    cast($exported_at as timestamp) as exported_at,
    $rows_read as rows_read,
    $rows_loaded as rows_loaded,
    $rows_quarantined as rows_quarantined,
    $rows_duplicate as rows_duplicate,
    $rows_other as rows_other,
    $rows_total as rows_total,
    0 as rows_superseded,
    0 as rows_forgotten,
    $values_quarantined as values_quarantined
