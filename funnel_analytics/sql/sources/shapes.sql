-- One row per column and shape of its texts (digits as 9), those of its totals apart: how many
-- there are and the first of them.
-- params: those of the expressions
with

texts as (

    {% for each in open %}
    select
        {{ each.number }} as number,
        line,
        {{ each.text }} as text,
        {{ each.typed }} as is_typed,
        false as is_total
    from staged
    {% if kept %}where{% endif %}
    {% for condition in kept %}
    {{ condition }}{% if not loop.last %} and{% endif %}
    {% endfor %}
    {% if each.has_totals %}
    union all
    select
        {{ each.number }} as number,
        line,
        {{ each.text }} as text,
        {{ each.typed }} as is_typed,
        true as is_total
    from total_rows
    {% endif %}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

shapes as (

    select
        number,
        translate(text, '012345678', '999999999') as shape,
        is_typed,
        is_total,
        regexp_matches(text, '^[-+]?0') as has_zero,
        regexp_matches(text, '[.,]0+$') as ends_in_zeros,
        count(*) as texts,
        min(line) as first_line,
        arg_min(text, line) as example
    from texts
    where text is not null
    group by all

)

select
    number,
    shape,
    texts,
    first_line,
    example,
    is_typed,
    has_zero,
    ends_in_zeros,
    is_total
from shapes
qualify
    row_number() over (
        partition by number, is_total order by texts desc, first_line asc, shape asc
    ) <= 5000
order by
    number asc,
    texts desc,
    first_line asc,
    shape asc
