-- One row per segment, kind, outcome, working time until it and what was done about the deadline:
-- the hand-overs of the period whose instants are known. `is_escalated`, `is_passed_on`: at the
-- deadline or later, and as long as there was no answer `is_escalated_before`: escalated earlier.
-- `is_due_elsewhere`: the CRM's own deadline is another, by more than a minute of working time.
-- params: period_start, period_end, by, minimum_group_size, folded, as_of, within_seconds
with

{{ handed_over() }}

-- Later hand-overs of the same lead to others, before an answer.
passes as (

    select
        made.lead_no,
        made.handover_no,
        made.team,
        later.handed_at
    from made
    inner join handovers as later
        on
            made.lead_no = later.lead_no
            and made.handover_no < later.handover_no
            and (later.kind = 'reassigned' or later.to_team is distinct from made.to_team)
    where
        made.allowed_seconds is not null
        and (made.answer is null or later.handed_at < made.answered_by_at)

),

instants as (

    select
        team,
        starts_at as instant_at
    from made
    union
    select
        team,
        ends_at as instant_at
    from made
    union
    select
        team,
        due_at as instant_at
    from made
    where due_at is not null
    union
    select
        team,
        escalated_at as instant_at
    from made
    where escalated_at is not null
    union
    select
        team,
        handed_at as instant_at
    from passes

),

{{ worked_instants() }}

{{ handover_outcomes() }}

last_passes as (

    select
        passes.lead_no,
        passes.handover_no,
        max(worked.worked_seconds) as passed_seconds
    from passes
    inner join worked
        on
            passes.team = worked.team
            and passes.handed_at = worked.instant_at
    group by
        passes.lead_no,
        passes.handover_no

),

followed as (

    select
        outcomes.segment,
        outcomes.is_folded,
        outcomes.kind,
        outcomes.outcome,
        outcomes.is_late,
        outcomes.waited_seconds,
        outcomes.segment_leads,
        outcomes.merged_groups,
        coalesce(
            until_escalated.worked_seconds - outcomes.started_seconds >= outcomes.allowed_seconds,
            false
        ) as is_escalated,
        coalesce(
            until_escalated.worked_seconds - outcomes.started_seconds < outcomes.allowed_seconds,
            false
        ) as is_escalated_before,
        coalesce(
            last_passes.passed_seconds - outcomes.started_seconds >= outcomes.allowed_seconds,
            false
        ) as is_passed_on,
        coalesce(
            abs(
                until_due.worked_seconds - outcomes.started_seconds - outcomes.allowed_seconds
            ) > 60,
            false
        ) as is_due_elsewhere,
        outcomes.due_at is not null as has_due
    from outcomes
    left join last_passes
        on
            outcomes.lead_no = last_passes.lead_no
            and outcomes.handover_no = last_passes.handover_no
    left join worked as until_escalated
        on
            outcomes.team = until_escalated.team
            and outcomes.escalated_at = until_escalated.instant_at
    left join worked as until_due
        on
            outcomes.team = until_due.team
            and outcomes.due_at = until_due.instant_at
    where outcomes.is_timed

)

select
    segment,
    is_folded,
    kind,
    outcome,
    is_late,
    is_escalated,
    is_escalated_before,
    is_passed_on,
    is_due_elsewhere,
    has_due,
    waited_seconds,
    min(segment_leads) as segment_leads,
    min(merged_groups) as merged_groups,
    count(*) as handovers
from followed
group by
    segment,
    is_folded,
    kind,
    outcome,
    is_late,
    is_escalated,
    is_escalated_before,
    is_passed_on,
    is_due_elsewhere,
    has_due,
    waited_seconds
order by
    segment,
    is_folded,
    kind,
    outcome,
    waited_seconds,
    is_escalated,
    is_escalated_before,
    is_passed_on,
    is_due_elsewhere,
    has_due
