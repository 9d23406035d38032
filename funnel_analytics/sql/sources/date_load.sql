-- One row: the log of a load, with the instant of its export, how that is known, and the first load
-- of the call that first loaded the file.
-- params: load_no, exported_at, exported_at_source, loaded_with
update load_log
set
    exported_at = $exported_at,
    exported_at_source = $exported_at_source,
    loaded_with = $loaded_with
where load_no = $load_no
