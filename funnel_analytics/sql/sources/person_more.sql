-- One row per further identity that a table ties to the person: of rows with one that is known.
-- params: none
insert into person_ids
with

known as (

    select
        {% for each in columns %}
        {{ each }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from {{ table }}
    where
        {% for each in columns %}
        {% set kind = each if each in ('email', 'visitor', 'person_key') else 'id' %}
        {{ each }} in (
            select person_ids.id from person_ids
            where person_ids.kind = '{{ kind }}'
        )
        {% if not loop.last %}or{% endif %}
        {% endfor %}

),

held as (

    {% for each in columns %}
    {% set kind = each if each in ('email', 'visitor', 'person_key') else 'id' %}
    select
        '{{ kind }}' as kind,
        {{ each }} as id
    from known
    where {{ each }} is not null
    {% if not loop.last %}union{% endif %}
    {% endfor %}

)

select
    held.kind,
    held.id
from held
where
    not exists (
        select 1 from person_ids
        where person_ids.kind = held.kind and person_ids.id = held.id
    )
