-- One row per counted lead that somebody contacted: its first contact (first activity of our
-- people towards the lead that no machine made), and whether that lies before its creation.
-- `contacted_by_at` is the first instant at which the contact had surely been made; it differs
-- from `first_contact_at` where only the day is known.
-- params: timezone
create table contacts as
with

made as (

    select
        leads.lead_no,
        leads.created_at,
        activity.happened_at,
        case
            when coalesce(activity.happened_at_is_day, false)
                then
                    timezone(
                        'UTC',
                        timezone(
                            $timezone,
                            timezone($timezone, timezone('UTC', activity.happened_at))
                            + interval 1 day
                        )
                    ) - interval 1 microsecond
            else activity.happened_at
        end as latest_at
    from activity
    inner join survivors on activity.lead = survivors.lead
    inner join leads on survivors.survivor = leads.lead
    where
        not coalesce(activity.is_automated, false)
        and coalesce(activity.direction, 'outbound') = 'outbound'

)

select
    lead_no,
    min(happened_at) as first_contact_at,
    min(latest_at) as contacted_by_at,
    min(latest_at) < min(created_at) as is_before_creation,
    count(*) as contacts
from made
group by lead_no
order by lead_no
