-- One row per team and day on which leads were handed to it first: how many, and its people at work
-- in that month. The team's number is that of `time_to_contact`.
-- params: none
with

{{ contact_teams() }}

days as (

    select
        teams.team_no,
        team_days.day,
        team_days.handed_leads,
        team_days.people
    from team_days
    inner join teams on team_days.team = teams.team

)

select
    team_no,
    day,
    handed_leads,
    people
from days
order by
    team_no,
    day
