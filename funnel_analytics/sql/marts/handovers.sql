-- One row per hand-over of a counted lead, numbered in time. `handed_by_at` is the last instant
-- that a stamp of day precision can mean.
-- params: timezone
create table handovers as
select
    leads.lead_no,
    handover.kind,
    handover.handed_at,
    case
        when coalesce(handover.handed_at_is_day, false)
            then {{ end_of_day('handover.handed_at') }}
        else handover.handed_at
    end as handed_by_at,
    coalesce(handover.handed_at_is_day, false) as is_day_precision,
    handover.from_team,
    handover.to_team,
    handover.missing_fields,
    handover.due_at,
    handover.accepted_at,
    handover.rejected_at,
    handover.reason,
    handover.escalated_at,
    row_number() over (
        partition by leads.lead_no order by handover.handed_at, handover.kind, handover.source_row
    ) as handover_no
from handover
inner join named_leads
    on
        handover.lead = named_leads.id
        and named_leads.in_lead_place
        and coalesce(handover.handed_at >= named_leads.starts_at, true)
        and coalesce(handover.handed_at < named_leads.ends_at, true)
inner join leads on named_leads.lead_no = leads.lead_no
order by leads.lead_no, handover_no
