-- One row per lead of the cohort and leg of the way to its first contact. Numbers stand for names:
-- the segment's (`contact_segments`), the leg's (1 creation to assignment, 2 assignment to contact,
-- 3 the wait), the outcome's (1 contacted, 2 waiting, 3 before creation, 4 only the day known), the
-- team's (`contact_teams`; 0 if nobody had the lead). Times are whole seconds; -1 where there is
-- none. `created_seconds` run from the creation, on the calendar, and stand beside the wait alone.
-- params: cohort_start, cohort_end, by, minimum_group_size, folded, as_of, with_handovers
with

{{ cohort_segments() }}

{{ numbered_segments() }}

cohort as (

    select
        leads.lead_no,
        leads.created_at,
        leads.is_day_precision,
        numbered.segment_no
    from leads
    left join lead_attributes
        on
            leads.lead_no = lead_attributes.lead_no
            and lead_attributes.attribute = $by
    inner join numbered on lead_attributes.value is not distinct from numbered.value
    where
        leads.created_at >= $cohort_start
        and leads.created_at < $cohort_end

),

{{ contact_waits() }}

{{ contact_deadlines() }}

{{ contact_teams() }}

legs_numbered as (

    select
        cohort.segment_no,
        leg_times.starts_at,
        leg_times.has_happened,
        case leg_times.leg
            when 'created_to_assigned' then 1
            when 'assigned_to_contacted' then 2
            when 'wait' then 3
        end as leg_no,
        case leg_times.outcome
            when 'contacted' then 1
            when 'waiting' then 2
            when 'before_creation' then 3
            when 'day_precision' then 4
        end as outcome_no,
        coalesce(teams.team_no, 0) as team_no,
        coalesce(cast(deadlines.deadline_seconds as integer), -1) as deadline_seconds,
        coalesce(cast(leg_times.working_seconds as integer), -1) as working_seconds,
        coalesce(cast(leg_times.elapsed_seconds as integer), -1) as elapsed_seconds,
        case
            when
                leg_times.leg = 'wait'
                and leg_times.outcome <> 'before_creation'
                and not cohort.is_day_precision
                then {{ seconds_between('cohort.created_at', 'leg_times.ends_at') }}
            else -1
        end as created_seconds
    from leg_times
    inner join cohort on leg_times.lead_no = cohort.lead_no
    left join deadlines on leg_times.lead_no = deadlines.lead_no
    left join teams on leg_times.team = teams.team

)

select
    segment_no,
    starts_at,
    has_happened,
    leg_no,
    outcome_no,
    team_no,
    deadline_seconds,
    working_seconds,
    elapsed_seconds,
    created_seconds
from legs_numbered
