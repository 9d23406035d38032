-- One row per segment, kind, month, way from team to team, origin, number of missing fields, reason
-- of a rejection and outcome: the hand-overs of the period.
-- params: period_start, period_end, by, minimum_group_size, folded, as_of, within_seconds
with

{{ handed_over() }}

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

),

{{ worked_instants() }}

{{ handover_outcomes() }}

dated as (

    select
        outcomes.*,
        leads.origin,
        calendar_months.month
    from outcomes
    inner join leads on outcomes.lead_no = leads.lead_no
    left join calendar_months
        on
            outcomes.handed_at >= calendar_months.starts_at
            and outcomes.handed_at < calendar_months.ends_at

)

select
    segment,
    is_folded,
    kind,
    month,
    from_team,
    to_team,
    origin,
    missing_fields,
    reason,
    outcome,
    is_late,
    is_timed,
    is_day_precision,
    min(segment_leads) as segment_leads,
    min(merged_groups) as merged_groups,
    count(*) as handovers,
    count(case when is_answered_twice then 1 end) as answered_twice
from dated
group by
    segment,
    is_folded,
    kind,
    month,
    from_team,
    to_team,
    origin,
    missing_fields,
    reason,
    outcome,
    is_late,
    is_timed,
    is_day_precision
order by
    segment,
    is_folded,
    kind,
    month,
    from_team,
    to_team,
    origin,
    missing_fields,
    reason,
    outcome,
    is_late,
    is_timed,
    is_day_precision
