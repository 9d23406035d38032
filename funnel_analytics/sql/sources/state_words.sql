-- One row per system and word for a state that its exports use.
-- params: none
with

used as (

    select
        load_no,
        state
    from stage_event
    union all
    select
        load_no,
        state
    from snapshot
    union all
    select
        load_no,
        state
    from lead

)

select distinct
    load_log.system,
    used.state
from used
inner join load_log on used.load_no = load_log.load_no
where used.state is not null
order by
    load_log.system,
    used.state
