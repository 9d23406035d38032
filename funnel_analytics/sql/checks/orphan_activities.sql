-- One row: activities whose lead (or contact) was never loaded or, where they name none, whose deal
-- was not.
-- params: none
select
    count(*) filter (loaded_ids.id is null) as offending_rows,
    count(*) as of_rows,
    min(coalesce(activity.lead, activity.deal), 5) filter (loaded_ids.id is null) as examples
from activity
left join loaded_ids
    on
        coalesce(activity.lead, activity.deal) = loaded_ids.id
        and loaded_ids.kind = if(activity.lead is null, 'deal', 'person')
