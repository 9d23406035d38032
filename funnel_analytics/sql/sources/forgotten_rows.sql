-- One row per row of a table that is the person's. A web visit is, where it names the person, or
-- names nobody but a bare key and is of a visitor who is the person.
-- params: none
insert into forgotten_rows
select
    '{{ table }}' as table_name,
    mine.load_no,
    mine.source_row,
    mine.rowid as row_id
from {{ table }} as mine
where
    {% for each in columns if each != 'visitor' %}
    {% set kind = each if each in ('email', 'person_key') else 'id' %}
    mine.{{ each }}
    in (
        select person_ids.id from person_ids
        where person_ids.kind = '{{ kind }}'
    )
    or
    {% endfor %}
    {% if 'visitor' in columns %}
    (
        mine.visitor in (
            select person_ids.id from person_ids
            where person_ids.kind = 'visitor'
        )
        {% for each in columns if each != 'visitor' %}
        and (
            mine.{{ each }} is null
            or mine.{{ each }} in (select bare_keys.id from bare_keys)
        )
        {% endfor %}
    )
    {% else %}
    false
    {% endif %}
