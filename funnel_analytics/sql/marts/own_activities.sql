-- One row per activity of our people towards a counted lead that no machine made, and lead. An
-- activity that names nobody, but a deal, is one with the leads that events of the deal belong to.
-- `done_by_at` is the last instant that the stamp can mean: the end of the day where only that is
-- known. `activity_no` is the same in the rows of one activity.
-- params: timezone
create table own_activities as
with

ours as (

    select
        cast(
            row_number() over (
                order by
                    happened_at,
                    activity nulls last,
                    kind nulls last,
                    lead nulls last,
                    deal nulls last
            ) as integer
        ) as activity_no,
        lead,
        deal,
        kind,
        happened_at,
        coalesce(happened_at_is_day, false) as is_day_precision,
        is_connect
    from activity
    where
        not coalesce(is_automated, false)
        and coalesce(direction, 'outbound') = 'outbound'

),

belonging as (

    select
        named_leads.lead_no,
        ours.activity_no,
        ours.kind,
        ours.happened_at,
        ours.is_day_precision,
        ours.is_connect
    from ours
    inner join named_leads
        on
            ours.lead = named_leads.id
            and named_leads.in_lead_place
            and coalesce(ours.happened_at >= named_leads.starts_at, true)
            and coalesce(ours.happened_at < named_leads.ends_at, true)
    where named_leads.lead_no is not null
    union all
    select
        event_leads.lead_no,
        ours.activity_no,
        ours.kind,
        ours.happened_at,
        ours.is_day_precision,
        ours.is_connect
    from ours
    inner join event_leads on ours.deal = event_leads.deal
    where ours.lead is null

)

select
    lead_no,
    activity_no,
    kind,
    happened_at,
    case
        when is_day_precision
            then {{ end_of_day('happened_at') }}
        else happened_at
    end as done_by_at,
    is_connect
from belonging
order by lead_no
