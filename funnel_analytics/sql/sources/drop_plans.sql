-- One row per activity of a load that lies after its export: it was planned, not done.
-- params: load_no, exported_at
delete from activity
where
    load_no = $load_no
    and happened_at >= $exported_at
returning load_no
