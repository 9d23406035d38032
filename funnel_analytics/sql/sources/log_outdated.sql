-- One row: the log of a file and table, with rows that a newer export restates counted as such.
-- params: load_no, outdated
update load_log
set
    rows_loaded = rows_loaded - $outdated,
    rows_superseded = coalesce(rows_superseded, 0) + $outdated
where load_no = $load_no
