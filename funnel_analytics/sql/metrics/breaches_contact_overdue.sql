-- One row per open lead that nobody had contacted by the agreed deadline: since when it waits, when
-- the deadline passed, and for how much working time since. The wait begins with the first
-- hand-over, on the clock of the team it went to; without one, or where it lies before the
-- creation, with the creation. A start of which only the day is known counts at its end.
-- params: as_of, timezone, cohort_start, cohort_end, by, minimum_group_size, folded
with

{{ open_leads() }}

{{ open_deals() }}

first_handovers as (

    select
        lead_no,
        handed_by_at,
        to_team
    from handovers
    where handover_no = 1

),

created as (

    select
        lead_no,
        position,
        created_at,
        case
            when is_day_precision
                then {{ end_of_day('created_at') }}
            else created_at
        end as created_by_at
    from open_leads

),

uncontacted as (

    select
        created.lead_no,
        created.position,
        case
            when first_handovers.handed_by_at >= created.created_at
                then first_handovers.to_team
        end as team,
        case
            when first_handovers.handed_by_at >= created.created_at
                then first_handovers.handed_by_at
            else created.created_by_at
        end as starts_at
    from created
    left join first_handovers on created.lead_no = first_handovers.lead_no
    left join contacts on created.lead_no = contacts.lead_no
    where contacts.lead_no is null

),

outcomes as (

    select
        lead_no,
        'wait' as leg,
        starts_at
    from uncontacted

),

{{ contact_deadlines() }}

pending as (

    select
        uncontacted.lead_no,
        coalesce(uncontacted.team, '') as team,
        uncontacted.starts_at,
        deadlines.deadline_seconds
    from uncontacted
    inner join deadlines on uncontacted.lead_no = deadlines.lead_no

),

{{ overdue_waits() }}

listed as (

    select
        overdue.lead_no,
        cast(null as varchar) as deal,
        uncontacted.position,
        uncontacted.team,
        overdue.since_at,
        overdue.due_at,
        overdue.over_seconds,
        cast(null as varchar) as reason
    from overdue
    inner join uncontacted on overdue.lead_no = uncontacted.lead_no

),

{{ listed_cases() }}

select *
from cases
order by lead
