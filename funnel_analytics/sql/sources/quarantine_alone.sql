-- One row per record that has none of the columns of which it needs one.
-- params: load_no, file, table_name, column_name, reason
insert into quarantine by name
select
    $load_no as load_no,
    $file as file,
    line,
    $table_name as table_name,
    $column_name as column_name,
    $reason as reason,
    true as is_row_lost
from parsed
where
    is_kept
    {% for each in one_of %}and v{{ each }} is null{% if not loop.last %} {% endif %}
    {% endfor %}
