-- One row per pair of files of two kinds of export of one system that state the same facts.
-- One file that fills a table in several parts is no pair.
-- params: none
with

placed as (

    select
        facts.load_no,
        facts.source_row,
        first_value(facts.load_no) over (
            partition by
                load_log.system
                {%- for each in columns %}, facts."{{ each }}"{% endfor %}
            order by facts.load_no, facts.source_row
        ) as one_load,
        dense_rank() over (
            order by
                load_log.system
                {%- for each in columns %}, facts."{{ each }}"{% endfor %}
        ) as fact_no
    from {{ table }} as facts
    inner join load_log on facts.load_no = load_log.load_no
    where {% for each in kept %}{{ each }} and {% endfor %}true

)

select
    one_log.file as one_file,
    other_log.file as other_file,
    count(distinct placed.fact_no) as facts_twice,
    min(placed.source_row) as first_row
from placed
inner join load_log as one_log on placed.one_load = one_log.load_no
inner join load_log as other_log on placed.load_no = other_log.load_no
where
    one_log.sha256 is distinct from other_log.sha256
    and concat(one_log.pattern, '|', one_log.part) <> concat(other_log.pattern, '|', other_log.part)
group by
    one_log.file,
    other_log.file
order by
    one_log.file,
    other_log.file
