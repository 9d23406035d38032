-- One row per file and word for a state whose meaning nobody agreed on: its records, the first of
-- them, the tables they are in, and whether it is one of deals.
-- params: none
with

used as (

    select
        load_no,
        source_row,
        state,
        'stage_event' as used_in,
        deal is not null as is_of_deal
    from stage_event
    union all
    select
        load_no,
        source_row,
        state,
        'snapshot' as used_in,
        deal is not null as is_of_deal
    from snapshot
    union all
    select
        load_no,
        source_row,
        state,
        'lead' as used_in,
        false as is_of_deal
    from lead

)

select
    load_log.file,
    load_log.system,
    used.state,
    count(distinct used.source_row) as word_rows,
    min(used.source_row) as first_row,
    list_sort(list_distinct(list(used.used_in))) as used_in,
    bool_or(used.is_of_deal) as is_of_deal
from used
inner join load_log on used.load_no = load_log.load_no
inner join resolved
    on
        load_log.system = resolved.system
        and used.state = resolved.state
where
    resolved.stage is null
    and resolved.status is null
group by
    load_log.file,
    load_log.system,
    used.state
order by
    load_log.file,
    first_row,
    used.state
