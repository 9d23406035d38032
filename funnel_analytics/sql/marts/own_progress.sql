-- One row per counted lead: how far its own record says it got, without the events of deals.
-- `position` is that of its furthest stage (0: none), the last one where its status is won;
-- `is_lost`: it was lost or rejected.
-- params: stage_names
create or replace temp table own_progress as
with

words as (

    select
        named_leads.lead_no,
        stage_event.stage,
        stage_event.status
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
        lead_no,
        null as stage,
        status
    from leads

),

placed as (

    select
        lead_no,
        status,
        case
            when status = 'won' then len($stage_names)
            else list_position($stage_names, stage)
        end as position
    from words

)

select
    lead_no,
    coalesce(max(position), 0) as position,
    coalesce(bool_or(status in ('lost', 'rejected')), false) as is_lost
from placed
group by lead_no
