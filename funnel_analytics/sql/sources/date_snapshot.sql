-- One row per row of a snapshot: it was seen when its file was exported.
-- params: load_no, exported_at
update snapshot
set
    seen_at = $exported_at,
    seen_at_is_day = false
where load_no = $load_no
