-- One row per entry of a counted lead into an agreed stage, each instant once; a lead without a
-- recorded entry into the first stage has one added at its creation. `latest_at` is the last
-- instant that a stamp of day precision can mean.
-- params: timezone, stage_names
create table stage_entries as
with

recorded as (

    select
        leads.lead_no,
        cast(list_position($stage_names, stage_event.stage) as integer) as position,
        stage_event.entered_at,
        bool_or(coalesce(stage_event.entered_at_is_day, false)) as is_day_precision,
        min(stage_event.cycle) as cycle,
        min(stage_event.reason) as reason,
        count(*) as recorded_rows
    from stage_event
    inner join survivors on stage_event.lead = survivors.lead
    inner join leads on survivors.survivor = leads.lead
    where stage_event.stage is not null
    group by leads.lead_no, position, stage_event.entered_at

),

entries as (

    select
        lead_no,
        position,
        entered_at,
        is_day_precision,
        cycle,
        reason,
        false as is_added
    from recorded
    union all
    select
        leads.lead_no,
        1 as position,
        leads.created_at as entered_at,
        leads.is_day_precision,
        null as cycle,
        null as reason,
        true as is_added
    from leads
    where
        leads.lead_no not in (
            select recorded.lead_no from recorded
            where recorded.position = 1
        )

),

local_entries as (

    select
        *,
        timezone($timezone, timezone('UTC', entered_at)) as local_at
    from entries

)

select
    lead_no,
    position,
    entered_at,
    case
        when is_day_precision
            then
                timezone(
                    'UTC',
                    timezone($timezone, local_at + interval 1 day)
                ) - interval 1 microsecond
        else entered_at
    end as latest_at,
    is_day_precision,
    cycle,
    reason,
    is_added
from local_entries
order by position, lead_no, entered_at
