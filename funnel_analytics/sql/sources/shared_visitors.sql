-- One row per web visitor that a table ties to somebody else as well: it stays. A bare key is
-- nobody else.
-- params: none
delete from person_visitors
where visitor in (
    select seen.visitor
    from {{ table }} as seen
    where
        {% for each in columns %}
        {% set kind = each if each in ('email', 'visitor', 'person_key') else 'id' %}
        seen.{{ each }}
        not in (
            select person_ids.id from person_ids
            where person_ids.kind = '{{ kind }}'
            union all
            select bare_keys.id from bare_keys
        )
        {% if not loop.last %}or{% endif %}
        {% endfor %}
)
