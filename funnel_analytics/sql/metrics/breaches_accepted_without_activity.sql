-- One row per open lead whose latest hand-over (other than a reassignment) was accepted, and to
-- which no activity of our people was recorded from then on, for longer than its deadline of a
-- first contact on the clock of the accepting team: since when, when that passed, and for how much
-- working time since. An acceptance or activity of which only the day is known counts at its end.
-- params: as_of, cohort_start, cohort_end, by, minimum_group_size, folded
with

{{ open_leads() }}

{{ open_deals() }}

answerable as (

    select
        lead_no,
        kind,
        to_team,
        answer,
        answered_by_at,
        row_number() over (partition by lead_no order by handover_no desc) as place
    from handovers
    where kind <> 'reassigned'

),

last_activities as (

    select
        lead_no,
        max(done_by_at) as done_by_at
    from own_activities
    group by lead_no

),

idle as (

    select
        open_leads.lead_no,
        open_leads.position,
        answerable.kind,
        answerable.to_team as team,
        answerable.answered_by_at as starts_at
    from answerable
    inner join open_leads on answerable.lead_no = open_leads.lead_no
    left join last_activities on answerable.lead_no = last_activities.lead_no
    where
        answerable.place = 1
        and answerable.answer = 'accepted'
        and coalesce(last_activities.done_by_at < answerable.answered_by_at, true)

),

outcomes as (

    select
        lead_no,
        'wait' as leg,
        starts_at
    from idle

),

{{ contact_deadlines() }}

pending as (

    select
        idle.lead_no,
        coalesce(idle.team, '') as team,
        idle.starts_at,
        deadlines.deadline_seconds
    from idle
    inner join deadlines on idle.lead_no = deadlines.lead_no

),

{{ overdue_waits() }}

listed as (

    select
        overdue.lead_no,
        cast(null as varchar) as deal,
        idle.position,
        idle.team,
        overdue.since_at,
        overdue.due_at,
        overdue.over_seconds,
        idle.kind as reason
    from overdue
    inner join idle on overdue.lead_no = idle.lead_no

),

{{ listed_cases() }}

select *
from cases
order by lead
