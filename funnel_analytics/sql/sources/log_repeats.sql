-- One row: the log of a file and table, with rows that repeat another file's counted as such.
-- params: load_no, table_name, repeats
update load_log
set
    rows_loaded = rows_loaded - $repeats,
    rows_duplicate = rows_duplicate + $repeats
where
    load_no = $load_no
    and table_name = $table_name
