-- One row per file: ids that stand for rows that differ, and the first of them.
-- params: none
with

repeated as (

    select
        {{ key[0] }} as id,
        count(*) as id_rows,
        min(source_row) as first_row,
        max(source_row) as last_row,
        max(load_no) as load_no
    from {{ table }}
    where {{ key[0] }} is not null
    group by {% for each in key %}{{ each }}{% if not loop.last %}, {% endif %}{% endfor %}
    having count(*) > 1

)

select
    load_log.file,
    count(*) as ids,
    cast(sum(repeated.id_rows) as bigint) as id_rows,
    arg_min(repeated.id, repeated.first_row) as example,
    min(repeated.first_row) as first_row,
    arg_min(repeated.last_row, repeated.first_row) as last_row
from repeated
inner join load_log on repeated.load_no = load_log.load_no
group by load_log.file
order by load_log.file
