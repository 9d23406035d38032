-- One row: rows of stage_event whose lead was never loaded.
-- params: none
select
    count(*) filter (lead.lead is null) as offending_rows,
    count(*) as of_rows,
    array_to_string(min(stage_event.lead, 5) filter (lead.lead is null), ', ') as examples
from stage_event
left join lead on stage_event.lead = lead.lead
