-- One row per value of a column that cannot be read, or that is missing though it is required.
-- params: load_no, file, table_name, column_name, reason, is_required
insert into quarantine
select
    $load_no as load_no,
    $file as file,
    line,
    $table_name as table_name,
    $column_name as column_name,
    c{{ number }} as value,
    case when c{{ number }} is null then 'is missing' else $reason end as reason,
    $is_required as is_row_lost
from parsed
where
    is_kept
    and v{{ number }} is null
    and (c{{ number }} is not null or $is_required)
