-- One row per record that cannot be read; its text is not kept, it may name people.
-- params: load_no, file, table_name
insert into quarantine by name
select
    $load_no as load_no,
    $file as file,
    line,
    $table_name as table_name,
    reason,
    true as is_row_lost
from rejected
