-- One row per row that a newer export of the same kind restates, with the newest that does.
-- Newer is what was exported later, or at the same time and loaded later; files that came together
-- at one time are equals.
-- params: none
create or replace temp table outdated as
with

ranked_loads as (

    select
        load_no,
        system,
        pattern,
        part,
        dense_rank() over (
            partition by system, pattern, part
            order by exported_at nulls first, coalesce(loaded_with, load_no)
        ) as age_rank
    from load_log
    where table_name = '{{ table }}'

),

several as (

    select
        system,
        pattern,
        part
    from ranked_loads
    group by all
    having max(age_rank) > 1

),

ranked_rows as (

    select
        facts.rowid as row_id,
        facts.load_no,
        facts.source_row,
        ranked_loads.age_rank,
        first_value(ranked_loads.age_rank) over newest_first as newest_rank,
        first_value(facts.load_no) over newest_first as newer_load
    from {{ table }} as facts
    inner join ranked_loads on facts.load_no = ranked_loads.load_no
    inner join several
        on
            ranked_loads.system is not distinct from several.system
            and ranked_loads.pattern is not distinct from several.pattern
            and ranked_loads.part is not distinct from several.part
    where {% for each in kept %}{{ each }} and {% endfor %}true
    window newest_first as (
        partition by
            ranked_loads.system,
            ranked_loads.pattern,
            ranked_loads.part
            {%- for each in columns %}, facts."{{ each }}"{% endfor %}
        order by ranked_loads.age_rank desc, facts.load_no asc
    )

)

select
    row_id,
    load_no,
    source_row,
    newer_load
from ranked_rows
where age_rank < newest_rank
