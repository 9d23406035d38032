-- One row per value of a column that cannot be read or may not be loaded, or that is missing though
-- it is required. Its text is masked: what is in the wrong column may name people.
-- params: load_no, file, table_name, column_name, reason, refused, is_required, known,
-- is_number and those of the expressions
insert into quarantine
select
    $load_no as load_no,
    $file as file,
    line,
    $table_name as table_name,
    $column_name as column_name,
    {% if is_hashed %}null{% else %}masked(c{{ number }}, $known, $is_number){% endif %} as value,
    case
        when c{{ number }} is null then 'is missing'
        when {{ readable }} then $refused
        else $reason
    end as reason,
    $is_required as is_row_lost
from parsed
where
    is_kept
    and v{{ number }} is null
    and (c{{ number }} is not null or $is_required)
