-- One row per web visitor that a table ties to the person.
-- params: none
insert into person_visitors
select distinct visitor
from {{ table }}
where
    visitor is not null
    and (
        {% for each in columns %}
        {% set kind = each if each in ('email', 'visitor', 'person_key') else 'id' %}
        {{ each }} in (
            select person_ids.id from person_ids
            where person_ids.kind = '{{ kind }}'
        )
        {% if not loop.last %}or{% endif %}
        {% endfor %}
    )
