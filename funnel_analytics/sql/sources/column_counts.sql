-- One row per column: texts that it holds in the records kept, and those of them without a value.
-- params: none
{% for each in parsed %}
select
    {{ each.number }} as number,
    count(c{{ each.number }}) as texts,
    count(*) filter (c{{ each.number }} is not null and v{{ each.number }} is null) as faults
from parsed
where is_kept
{% if not loop.last %}union all{% endif %}
{% endfor %}
order by number
