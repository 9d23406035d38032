-- One row per column: texts that it holds in the records kept, those of them without a value, and
-- the records kept that hold no text.
-- params: none
{% for each in parsed %}
select
    {{ each.number }} as number,
    count(c{{ each.number }}) as texts,
    count(*) filter (c{{ each.number }} is not null and v{{ each.number }} is null) as faults,
    count(*) filter (c{{ each.number }} is null) as absent
from parsed
where is_kept
{% if not loop.last %}union all{% endif %}
{% endfor %}
order by number
