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

-- Reasons by number: the windows below sort numbers, no texts.
reasons as (

    select
        reason,
        cast(row_number() over (order by reason) as integer) as reason_no
    from closures
    where reason is not null
    group by reason

),

events as not materialized (

    select
        lead_no,
        position as step,
        entered_at as happened_at,
        earliest_at,
        latest_at,
        cast(null as integer) as reason_no,
        is_added
    from stage_entries
    union all
    select
        closures.lead_no,
        case closures.status
            when 'lost' then -4
            when 'rejected' then -3
            when 'recycled' then -2
            else -1
        end as step,
        closures.closed_at as happened_at,
        closures.latest_at as earliest_at,
        closures.latest_at,
        reasons.reason_no,
        false as is_added
    from closures
    left join reasons on closures.reason = reasons.reason

),

-- Vague entries that have to come before something that lies within their bounds.
vague as (

    select
        lead_no,
        position as step,
        entered_at as happened_at,
        earliest_at,
        latest_at
    from stage_entries
    where
        latest_at > earliest_at
        and not is_added

),

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
        lead_no,
        step,
        happened_at,
        reason_no,
        is_added,
        case when is_added then cast('-infinity' as timestamp) else latest_at end as sorted_at,
        1 as turn
    from events
    where
        is_added
        or latest_at <= earliest_at
    union all
    select
        vague.lead_no,
        vague.step,
        vague.happened_at,
        null as reason_no,
        false as is_added,
        coalesce(anchored.sorted_at, vague.latest_at) as sorted_at,
        case when anchored.sorted_at is null then 1 else 0 end as turn
    from vague
    left join anchored
        on
            vague.lead_no = anchored.lead_no
            and vague.step = anchored.step
            and vague.earliest_at = anchored.earliest_at
            and vague.latest_at = anchored.latest_at

),

-- Most leads take one step after the other: at different instants, each to another stage, and
-- nothing after a closing. Only the others (`knotty`) are looked at more closely.
lined as (

    select
        *,
        row_number() over steps as step_no,
        lead(step) over steps as next_step,
        lead(reason_no) over steps as next_reason_no,
        lead(happened_at) over steps as next_at,
        lead(sorted_at) over steps as next_sorted_at
    from placed
    window steps as (partition by lead_no order by sorted_at, step)

),

knotty as (

    select distinct lead_no
    from lined
    where
        next_sorted_at = sorted_at
        or next_at < happened_at
        or next_step = step
        or (step < 0 and next_step is not null)

),

knotted as (

    select lined.*
    from lined
    inner join knotty on lined.lead_no = knotty.lead_no

),

ties as (

    select
        lead_no,
        sorted_at,
        turn
    from knotted
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
            knotted.step, row(knotted.sorted_at, knotted.turn, knotted.step < 0, knotted.step)
        ) as step
    from ties
    inner join knotted
        on
            ties.lead_no = knotted.lead_no
            and (
                knotted.sorted_at < ties.sorted_at
                or (knotted.sorted_at = ties.sorted_at and knotted.turn < ties.turn)
            )
    group by
        ties.lead_no,
        ties.sorted_at,
        ties.turn

),

ranked as (

    select
        knotted.lead_no,
        knotted.step,
        knotted.happened_at,
        knotted.reason_no,
        knotted.is_added,
        knotted.sorted_at,
        knotted.step + 10000 * (
            3 * knotted.turn
            + case
                when knotted.step < 0 then 1
                when knotted.step < before_ties.step then 2
                else 0
            end
        ) as place
    from knotted
    left join before_ties
        on
            knotted.lead_no = before_ties.lead_no
            and knotted.sorted_at = before_ties.sorted_at
            and knotted.turn = before_ties.turn

),

followed as (

    select
        lead_no,
        step,
        reason_no,
        is_added,
        max(happened_at) over steps as happened_at,
        row_number() over steps as place,
        lag(step) over steps as step_before
    from ranked
    window steps as (partition by lead_no order by sorted_at, place)

),

every as (

    select
        lined.lead_no,
        lined.step,
        lined.reason_no,
        lined.is_added,
        lined.happened_at,
        false as is_after_closing,
        cast(lined.step_no as integer) as step_no,
        cast(case when lined.step < 0 then lined.step_no - 1 else lined.step_no end as integer)
            as stay_no,
        1 as pass_no,
        lined.next_step,
        lined.next_reason_no,
        lined.next_at
    from lined
    left join knotty on lined.lead_no = knotty.lead_no
    where knotty.lead_no is null
    union all
    select
        lead_no,
        step,
        reason_no,
        is_added,
        happened_at,
        coalesce(step_before < 0, false) as is_after_closing,
        cast(row_number() over steps as integer) as step_no,
        cast(count(case when step > 0 then 1 end) over steps as integer) as stay_no,
        cast(1 + count(case when step > 0 and step_before < 0 then 1 end) over steps as integer)
            as pass_no,
        lead(step) over steps as next_step,
        lead(reason_no) over steps as next_reason_no,
        lead(happened_at) over steps as next_at
    from followed
    where step is distinct from step_before
    window steps as (partition by lead_no order by place)

)

select
    every.lead_no,
    every.step,
    reasons.reason,
    every.is_added,
    every.happened_at,
    every.is_after_closing,
    every.step_no,
    every.stay_no,
    every.pass_no,
    every.next_step,
    next_reasons.reason as next_reason,
    every.next_at
from every
left join reasons on every.reason_no = reasons.reason_no
left join reasons as next_reasons on every.next_reason_no = next_reasons.reason_no
