-- One row per counted lead that a deal names: how far its own record says it got, without the
-- events of deals.
-- `position` is that of its furthest stage (0: none), the last one where its status is won;
-- `is_lost`: it was lost or rejected.
-- params: stage_names
create or replace temp table own_progress as
with

on_deals as (

    select distinct named_leads.lead_no
    from deal_contact
    inner join named_leads
        on coalesce(deal_contact.lead, deal_contact.contact) = named_leads.id
    where named_leads.lead_no is not null

),

named as (

    select named_leads.*
    from named_leads
    inner join on_deals on named_leads.lead_no = on_deals.lead_no

),

words as (

    select
        named.lead_no,
        stage_event.stage,
        stage_event.status
    from stage_event
    inner join named
        on
            stage_event.lead = named.id
            and named.in_lead_place
            and coalesce(stage_event.entered_at >= named.starts_at, true)
            and coalesce(stage_event.entered_at < named.ends_at, true)
    union all
    select
        leads.lead_no,
        null as stage,
        leads.status
    from leads
    inner join on_deals on leads.lead_no = on_deals.lead_no

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
