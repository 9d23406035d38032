-- One row per total that an export states for a column, beside what its records add up to.
-- params: load_no, table_name, column_name, text, line and those of the expressions
insert into stated_total by name
with

cleaned as (

    select {{ clean }} as c{{ number }}{% if typed %}, {{ typed }} as t{{ number }}{% endif %}
    from (select $text as {{ field }})

),

stated as (

    select {{ value }} as stated from cleaned

),

added as (

    select sum(v{{ number }}) as added_up from parsed

)

select
    $load_no as load_no,
    $line as line,
    $table_name as table_name,
    $column_name as column_name,
    stated.stated,
    added.added_up
from stated
cross join added
where stated.stated is not null
