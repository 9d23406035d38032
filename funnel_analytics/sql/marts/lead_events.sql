-- One row per stage event and counted lead it belongs to: the lead that it names, else the leads
-- that events of its deal belong to. Of a run of events by which a CRM's words say the same again
-- (a row of history per change of the amount, several states that are one stage) the first counts.
-- Events of one instant come in the order of their numbers, then of the stages.
-- params: stage_names
create or replace temp table lead_events as
with

belonging as (

    select
        named_leads.lead_no,
        list_position($stage_names, stage_event.stage) as position,
        stage_event.*
    from stage_event
    inner join named_leads
        on
            stage_event.lead = named_leads.id
            and named_leads.in_lead_place
            and coalesce(stage_event.entered_at >= named_leads.starts_at, true)
            and coalesce(stage_event.entered_at < named_leads.ends_at, true)
    where named_leads.lead_no is not null
    union all
    select
        event_leads.lead_no,
        list_position($stage_names, stage_event.stage) as position,
        stage_event.*
    from stage_event
    inner join event_leads on stage_event.deal = event_leads.deal
    where stage_event.lead is null

),

followed as (

    select
        *,
        lag(stage) over (
            partition by lead_no
            order by
                entered_at,
                seq,
                position,
                status,
                load_no,
                source_row
        ) as stage_before,
        lag(status) over (
            partition by lead_no
            order by
                entered_at,
                seq,
                position,
                status,
                load_no,
                source_row
        ) as status_before
    from belonging
    where
        stage is not null
        or status is not null

)

select
    lead_no,
    cast(position as integer) as position,
    status,
    entered_at,
    coalesce(entered_at_is_day, false) as is_day_precision,
    entered_after,
    entered_before,
    reason,
    provenance,
    coalesce(provenance = 'snapshot_diff', false) as is_snapshot
from followed
where
    state is null
    or stage is distinct from stage_before
    or status is distinct from status_before
