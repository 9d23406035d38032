-- One row: rows of stage_event whose lead (or contact) was never loaded or, where they name none,
-- whose deal was not.
-- params: none
select
    count(*) filter (loaded_ids.id is null) as offending_rows,
    count(*) as of_rows,
    min(coalesce(stage_event.lead, stage_event.deal), 5) filter (loaded_ids.id is null) as examples
from stage_event
left join loaded_ids
    on
        coalesce(stage_event.lead, stage_event.deal) = loaded_ids.id
        and loaded_ids.kind = if(stage_event.lead is null, 'deal', 'person')
