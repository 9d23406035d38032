-- One row per identity in a table that was forgotten before.
-- params: is_plain, inner_block, outer_block
insert into person_ids
with

held as (

    {% for each in columns %}
    {% set kind = each if each in ('email', 'visitor', 'person_key') else 'id' %}
    select
        '{{ kind }}' as kind,
        {{ each }} as id
    from {{ table }}
    where {{ each }} is not null
    {% if not loop.last %}union{% endif %}
    {% endfor %}

)

select
    held.kind,
    held.id
from held
where
    forget_token(held.kind, held.id, $is_plain, $inner_block, $outer_block)
    in (select forgotten.token from forgotten)
    and not exists (
        select 1 from person_ids
        where person_ids.kind = held.kind and person_ids.id = held.id
    )
