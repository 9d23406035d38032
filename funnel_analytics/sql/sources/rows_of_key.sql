-- One row per row of the first key, of those that begin with a certain id, that has several; with
-- its file, two at the most.
-- params: id
with

repeated as (

    select
        {% for each in key %}
        {{ each }},
        {% endfor %}
        min(source_row) as first_row
    from {{ table }}
    where {{ key[0] }} = $id
    group by
        {% for each in key %}
        {{ each }}{% if not loop.last %},{% endif %}
        {% endfor %}
    having count(*) > 1
    order by first_row
    limit 1

)

select
    rows_of_id.*,
    load_log.file
from {{ table }} as rows_of_id
inner join load_log on rows_of_id.load_no = load_log.load_no
inner join repeated
    on
        {% for each in key %}
        rows_of_id.{{ each }} is not distinct from repeated.{{ each }}
        {%- if not loop.last %} and{% endif %}
        {% endfor %}
order by
    rows_of_id.load_no,
    rows_of_id.source_row
limit 2
