-- One row per mark between the parts of a column's dates: how many can only begin with the day,
-- only with the month, or with either of them (and differ by it), and the first of each.
-- params: those of the expressions
with

texts as (

    select
        line,
        {{ text }} as text
    from staged
    {% if kept %}where{% endif %}
    {% for condition in kept %}
    {{ condition }}{% if not loop.last %} and{% endif %}
    {% endfor %}

),

parts as (

    select
        line,
        regexp_extract(text, '^\d+([./-])', 1) as mark,
        cast(regexp_extract(text, '^(\d+)', 1) as integer) as first_part,
        cast(regexp_extract(text, '^\d+[./-](\d+)', 1) as integer) as second_part
    from texts
    where regexp_matches(text, '^\d{1,2}([.]\d{1,2}[.]|/\d{1,2}/|-\d{1,2}-)\d{4}')

),

read as (

    select
        line,
        mark,
        first_part <> second_part as is_either,
        first_part between 1 and 12 as may_be_month,
        first_part between 1 and 31 as may_be_day,
        second_part between 1 and 12 as may_be_second_month,
        second_part between 1 and 31 as may_be_second_day
    from parts

)

select
    mark,
    count(*) filter (not may_be_month and may_be_day and may_be_second_month) as day_first,
    count(*) filter (may_be_month and may_be_second_day and not may_be_second_month) as month_first,
    count(*) filter (may_be_month and may_be_second_month and is_either) as either,
    min(line) filter (not may_be_month and may_be_day and may_be_second_month) as first_day,
    min(line) filter (may_be_month and may_be_second_day and not may_be_second_month) as first_month
from read
group by mark
order by mark
