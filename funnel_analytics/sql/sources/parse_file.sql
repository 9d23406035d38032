-- One row per record: per column its clean text `c…`, whether it was a typed cell `t…`, its value
-- `v…` and, for instants, whether it is a whole day `d…`; `is_kept` where the preset's conditions
-- hold, `is_good` where every required value is there.
-- params: those of the expressions
create or replace temp table parsed as
with

cleaned as (

    select
        line,
        {% for each in parsed %}
        {{ each.clean }} as c{{ each.number }},
        {% if each.typed %}{{ each.typed }} as t{{ each.number }},{% endif %}
        {% endfor %}
        {% for each in kept %}{{ each }} and {% endfor %}true as is_wanted
    from staged{{ split }}

),

valued as (

    select
        *,
        {% for each in parsed %}
        {{ each.value }} as v{{ each.number }},
        {% if each.is_day %}{{ each.is_day }} as d{{ each.number }},{% endif %}
        {% endfor %}
        {% for each in present %}c{{ each }} is not null and {% endfor %}is_wanted as is_kept
    from cleaned

)

select
    *,
    {% for each in parsed if each.column.required %}v{{ each.number }} is not null and {% endfor %}
    {% if one_of %}
    ({% for each in one_of %}v{{ each }} is not null or {% endfor %}false) and {% endif %}
    true as is_good
from valued
