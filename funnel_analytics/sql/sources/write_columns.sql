-- One row per column of a load: how it was read, and what came of it.
-- params: load_no, table_name
insert into load_columns by name
select
    $load_no as load_no,
    $table_name as table_name,
    column_name,
    header,
    form,
    is_detected,
    values_read,
    values_quarantined
from given_columns
