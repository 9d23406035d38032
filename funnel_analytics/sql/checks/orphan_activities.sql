-- One row: rows of activity whose lead was never loaded.
-- params: none
select
    count(*) filter (lead.lead is null) as offending_rows,
    count(*) as of_rows,
    array_to_string(min(activity.lead, 5) filter (lead.lead is null), ', ') as examples
from activity
left join lead on activity.lead = lead.lead
