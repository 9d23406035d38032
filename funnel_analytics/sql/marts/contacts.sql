-- One row per counted lead that somebody contacted: its first contact (first activity of our people
-- towards the lead that no machine made), and whether that lies before its creation.
-- `contacted_by_at` is the first instant at which the contact had surely been made; it differs from
-- `first_contact_at` where only the day is known. An activity that names nobody, but a deal, is one
-- with the leads that events of the deal belong to.
-- params: timezone
create table contacts as
with

ours as (

    select
        lead,
        deal,
        happened_at,
        coalesce(happened_at_is_day, false) as is_day_precision
    from activity
    where
        not coalesce(is_automated, false)
        and coalesce(direction, 'outbound') = 'outbound'

),

belonging as (

    select
        named_leads.lead_no,
        ours.happened_at,
        ours.is_day_precision
    from ours
    inner join named_leads
        on
            ours.lead = named_leads.id
            and named_leads.in_lead_place
            and coalesce(ours.happened_at >= named_leads.starts_at, true)
            and coalesce(ours.happened_at < named_leads.ends_at, true)
    union all
    select
        event_leads.lead_no,
        ours.happened_at,
        ours.is_day_precision
    from ours
    inner join event_leads on ours.deal = event_leads.deal
    where ours.lead is null

),

made as (

    select
        leads.lead_no,
        leads.created_at,
        belonging.happened_at,
        case
            when belonging.is_day_precision
                then {{ end_of_day('belonging.happened_at') }}
            else belonging.happened_at
        end as latest_at
    from belonging
    inner join leads on belonging.lead_no = leads.lead_no

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
