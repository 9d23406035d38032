-- One row per open lead whose latest hand-over nobody had answered by the agreed deadline, on the
-- clock of the team it went to: since when it waits, when the deadline passed, and for how much
-- working time since. `kinds` are those with a deadline, `deadline_seconds` theirs. Of a hand-over
-- whose day alone is known the wait begins at its end.
-- params: kinds, deadline_seconds, as_of, cohort_start, cohort_end, by, minimum_group_size, folded
with

{{ open_leads() }}

{{ open_deals() }}

numbered as (

    select
        lead_no,
        kind,
        to_team,
        handed_by_at,
        answer,
        handover_no,
        count(*) over (partition by lead_no) as handovers
    from handovers

),

unanswered as (

    select
        open_leads.lead_no,
        open_leads.position,
        numbered.kind,
        numbered.to_team as team,
        numbered.handed_by_at as starts_at,
        {{ element("$deadline_seconds", "list_position($kinds, numbered.kind)") }}
            as deadline_seconds
    from numbered
    inner join open_leads on numbered.lead_no = open_leads.lead_no
    where
        numbered.handover_no = numbered.handovers
        and numbered.answer is null

),

pending as (

    select
        lead_no,
        coalesce(team, '') as team,
        starts_at,
        deadline_seconds
    from unanswered
    where deadline_seconds is not null

),

{{ overdue_waits() }}

listed as (

    select
        overdue.lead_no,
        cast(null as varchar) as deal,
        unanswered.position,
        unanswered.team,
        overdue.since_at,
        overdue.due_at,
        overdue.over_seconds,
        unanswered.kind as reason
    from overdue
    inner join unanswered on overdue.lead_no = unanswered.lead_no

),

{{ listed_cases() }}

select *
from cases
order by lead
