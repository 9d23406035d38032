-- One row per team that leads were handed to first: the number that it has in `time_to_contact`,
-- and whether it is one person (`is_single`): it has one of our people, queues aside, or one owner
-- has at least 90 % of its leads that have one.
-- params: none
with

{{ contact_teams() }}

staffed as (

    select
        team,
        count(*) as members
    from person
    where not coalesce(is_queue, false)
    group by team

),

owned as (

    select
        handovers.to_team as team,
        leads.owner,
        count(*) as leads
    from handovers
    inner join leads on handovers.lead_no = leads.lead_no
    where
        handovers.handover_no = 1
        and leads.owner is not null
    group by
        handovers.to_team,
        leads.owner

),

owners as (

    select
        team,
        max(leads) as most_leads,
        sum(leads) as leads
    from owned
    group by team

)

select
    teams.team_no,
    teams.team,
    coalesce(staffed.members = 1, false)
    or coalesce(10 * owners.most_leads >= 9 * owners.leads, false) as is_single
from teams
left join staffed on teams.team = staffed.team
left join owners on teams.team = owners.team
order by teams.team_no
