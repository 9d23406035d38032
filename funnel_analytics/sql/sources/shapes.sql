-- One row per column and shape of its texts (digits as 9): how many there are and the first of
-- them.
-- params: those of the expressions
with

texts as (

    {% for each in open %}
    select
        {{ each.number }} as number,
        line,
        {{ each.text }} as text,
        {{ each.typed }} as is_typed
    from staged
    {% if kept %}where{% endif %}
    {% for condition in kept %}
    {{ condition }}{% if not loop.last %} and{% endif %}
    {% endfor %}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

shapes as (

    select
        number,
        translate(text, '012345678', '999999999') as shape,
        is_typed,
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
    ends_in_zeros
from shapes
qualify
    row_number() over (partition by number order by texts desc, first_line asc, shape asc) <= 5000
order by
    number asc,
    texts desc,
    first_line asc,
    shape asc
