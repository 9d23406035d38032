-- One row: the log of a load, with the activities that were only planned counted as other.
-- params: load_no, plans
update load_log
set
    rows_loaded = rows_loaded - $plans,
    rows_other = rows_other + $plans
where load_no = $load_no
