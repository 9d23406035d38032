-- One row per record: per column its clean text `c…`, its value `v…` and, for instants, whether it
-- is a whole day `d…`; `is_kept` where the preset's conditions hold, `is_good` where every required
-- value is there.
-- params: those of the expressions
create or replace temp table parsed as
with

cleaned as (

    select
        line,
        {% for each in parsed %}
        {{ each.clean }} as c{{ loop.index0 }},
        {% endfor %}
        {% for each in attributes %}
        {{ each }} as a{{ loop.index0 }},
        {% endfor %}
        {% for each in kept %}{{ each }} and {% endfor %}true as is_kept
    from staged

),

valued as (

    select
        *,
        {% for each in parsed %}
        {{ each.value }} as v{{ loop.index0 }},
        {% if each.is_day %}{{ each.is_day }} as d{{ loop.index0 }},{% endif %}
        {% endfor %}
    from cleaned

)

select
    *,
    {% for each in parsed if each.column.required %}v{{ each.number }} is not null and {% endfor %}
    true as is_good
from valued
