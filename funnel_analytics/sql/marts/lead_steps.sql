-- One row per step of a counted lead, in order: an entry into an agreed stage (`step` is its
-- position) or a closing (-4 lost, -3 rejected, -2 recycled, -1 nurture). Entering the stage that
-- the lead is in, and taking the status that it has, is no step; an entry that was added at the
-- creation comes first. `stay_no`: how many entries came so far; `pass_no`: 1 and how many of them
-- came after a closing.
-- A stamp that is a day, or lies between two exports, counts at its end; an entry that is so vague
-- counts before the first entry into a later stage, or closing, that lies within its bounds (what
-- nobody timed is no way back). Of steps at one instant, those into later stages than the one
-- before come first, then closings in the order above, then those into earlier stages.
-- `happened_at`: as recorded, or that of the step before where this is later.
-- params: none
create or replace temp table lead_steps as
with

events as (

    select
        lead_no,
        position as step,
        entered_at as happened_at,
        earliest_at,
        latest_at,
        null as reason,
        is_added
    from stage_entries
    union all
    select
        lead_no,
        case status when 'lost' then -4 when 'rejected' then -3 when 'recycled' then -2 else -1 end
            as step,
        closed_at as happened_at,
        latest_at as earliest_at,
        latest_at,
        reason,
        false as is_added
    from closures

),

vague as (

    select
        lead_no,
        step,
        earliest_at,
        latest_at
    from events
    where
        latest_at > earliest_at
        and not is_added

),

-- Vague entries that have to come before something that lies within their bounds.
anchored as (

    select
        vague.lead_no,
        vague.step,
        vague.earliest_at,
        vague.latest_at,
        min(events.latest_at) as sorted_at
    from vague
    inner join events
        on
            vague.lead_no = events.lead_no
            and events.latest_at >= vague.earliest_at
            and events.latest_at < vague.latest_at
            and (events.step > vague.step or events.step < 0)
    group by
        vague.lead_no,
        vague.step,
        vague.earliest_at,
        vague.latest_at

),

placed as (

    select
        events.lead_no,
        events.step,
        events.happened_at,
        events.reason,
        events.is_added,
        case
            when events.is_added then cast('-infinity' as timestamp)
            else coalesce(anchored.sorted_at, events.latest_at)
        end as sorted_at,
        case when anchored.sorted_at is null then 1 else 0 end as turn
    from events
    left join anchored
        on
            events.lead_no = anchored.lead_no
            and events.step = anchored.step
            and events.earliest_at = anchored.earliest_at
            and events.latest_at = anchored.latest_at
            and not events.is_added

),

ties as (

    select
        lead_no,
        sorted_at,
        turn
    from placed
    group by
        lead_no,
        sorted_at,
        turn
    having count(*) > 1

),

-- What a lead did last before the steps that it made at one instant.
before_ties as (

    select
        ties.lead_no,
        ties.sorted_at,
        ties.turn,
        arg_max(
            placed.step, row(placed.sorted_at, placed.turn, placed.step < 0, placed.step)
        ) as step
    from ties
    inner join placed
        on
            ties.lead_no = placed.lead_no
            and (
                placed.sorted_at < ties.sorted_at
                or (placed.sorted_at = ties.sorted_at and placed.turn < ties.turn)
            )
    group by
        ties.lead_no,
        ties.sorted_at,
        ties.turn

),

ranked as (

    select
        placed.lead_no,
        placed.step,
        placed.happened_at,
        placed.reason,
        placed.is_added,
        placed.sorted_at,
        placed.step + 10000 * (
            3 * placed.turn
            + case
                when placed.step < 0 then 1
                when placed.step < before_ties.step then 2
                else 0
            end
        ) as place
    from placed
    left join before_ties
        on
            placed.lead_no = before_ties.lead_no
            and placed.sorted_at = before_ties.sorted_at
            and placed.turn = before_ties.turn

),

followed as (

    select
        lead_no,
        step,
        reason,
        is_added,
        max(happened_at) over steps as happened_at,
        row_number() over steps as place,
        lag(step) over steps as step_before
    from ranked
    window steps as (partition by lead_no order by sorted_at, place)

)

select
    lead_no,
    step,
    reason,
    is_added,
    happened_at,
    coalesce(step_before < 0, false) as is_after_closing,
    cast(row_number() over steps as integer) as step_no,
    cast(count(case when step > 0 then 1 end) over steps as integer) as stay_no,
    cast(1 + count(case when step > 0 and step_before < 0 then 1 end) over steps as integer)
        as pass_no,
    lead(step) over steps as next_step,
    lead(reason) over steps as next_reason,
    lead(happened_at) over steps as next_at
from followed
where step is distinct from step_before
window steps as (partition by lead_no order by place)
