-- One row per file, and file of another kind (name pattern or part): ids that stand for rows that
-- differ, and the first of them.
-- params: none
with

repeated as (

    select
        {{ key[0] }} as id,
        count(*) as id_rows,
        min(source_row) as first_row,
        max(source_row) as last_row,
        min(load_no) as one_load,
        max(load_no) as load_no
    from {{ table }}
    where {{ key[0] }} is not null
    group by {% for each in key %}{{ each }}{% if not loop.last %}, {% endif %}{% endfor %}
    having count(*) > 1

),

placed as (

    select
        repeated.*,
        load_log.file,
        case
            when
                concat(one_log.pattern, '|', one_log.part)
                <> concat(load_log.pattern, '|', load_log.part)
                then one_log.file
        end as other_kind
    from repeated
    inner join load_log on repeated.load_no = load_log.load_no
    inner join load_log as one_log on repeated.one_load = one_log.load_no

)

select
    file,
    count(*) as ids,
    cast(sum(id_rows) as bigint) as id_rows,
    arg_min(id, first_row) as example,
    other_kind
from placed
group by
    file,
    other_kind
order by
    file,
    other_kind
