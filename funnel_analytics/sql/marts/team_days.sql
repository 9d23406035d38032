-- One row per team and day (of the agreement's zone) on which leads were handed to it first: how
-- many, and how many people it had at work in that month: those of it with at least one activity
-- towards leads in the month that no machine made, queues aside; missing where nobody's are known.
-- params: timezone
create table team_days as
with

handed as (

    select
        to_team as team,
        cast(timezone($timezone, timezone('UTC', handed_at)) as date) as day,
        count(*) as handed_leads
    from handovers
    where
        handover_no = 1
        and to_team is not null
        and handed_at is not null
    group by all

),

working as (

    select
        person.team,
        cast(
            date_trunc('month', timezone($timezone, timezone('UTC', activity.happened_at))) as date
        ) as month,
        count(distinct person.person) as people
    from activity
    inner join person on activity.by = person.person
    where
        not coalesce(activity.is_automated, false)
        and coalesce(activity.direction, 'outbound') = 'outbound'
        and not coalesce(person.is_queue, false)
    group by all

)

select
    handed.team,
    handed.day,
    handed.handed_leads,
    working.people
from handed
left join working
    on
        handed.team = working.team
        and cast(date_trunc('month', handed.day) as date) = working.month
order by
    handed.team,
    handed.day
