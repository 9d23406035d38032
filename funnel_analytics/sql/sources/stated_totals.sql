-- One row per total that an export states for a column, beside what its records add up to. One
-- that cannot be read has its text, masked like a value in the quarantine; signs for nothing and
-- codes of currencies state none.
-- params: load_no, table_name, column_name, known and those of the expressions
insert into stated_total by name
with

cleaned as (

    select
        line,
        {{ clean }} as c{{ number }}
        {% if typed %}, {{ typed }} as t{{ number }}{% endif %}
    from total_rows

),

said as (

    select
        cleaned.line,
        cleaned.c{{ number }} as clean,
        {{ value }} as stated
    from cleaned
    where not regexp_full_match(cleaned.c{{ number }}, '[-–—−]+|[A-Z]{3}')

),

added as (

    select sum(parsed.v{{ number }}) as added_up
    from parsed
    {% if is_among_records %}
    where parsed.line not in (select total_rows.line from total_rows)
    {% endif %}

)

select
    $load_no as load_no,
    said.line,
    $table_name as table_name,
    $column_name as column_name,
    case when said.stated is null then masked(said.clean, $known, true) end as unread,
    said.stated,
    added.added_up
from said
cross join added
