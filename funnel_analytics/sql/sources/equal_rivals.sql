-- One row per pair of files that state the same facts and were exported at the same time.
-- params: none
with

rivals as (

    select
        min(facts.load_no) as one_load,
        max(facts.load_no) as other_load,
        min(facts.source_row) as first_row
    from {{ table }} as facts
    inner join load_log on facts.load_no = load_log.load_no
    group by
        load_log.system,
        load_log.pattern,
        load_log.part
        {%- for each in columns %}, facts."{{ each }}"{% endfor %}
    having count(distinct facts.load_no) > 1

)

select
    one_log.file as one_file,
    other_log.file as other_file,
    count(*) as facts_twice,
    min(rivals.first_row) as first_row
from rivals
inner join load_log as one_log on rivals.one_load = one_log.load_no
inner join load_log as other_log on rivals.other_load = other_log.load_no
group by
    one_log.file,
    other_log.file
order by
    one_log.file,
    other_log.file
