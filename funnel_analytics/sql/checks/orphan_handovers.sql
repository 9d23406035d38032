-- One row: hand-overs whose lead (or contact) was never loaded.
-- params: none
select
    count(*) filter (loaded_ids.id is null) as offending_rows,
    count(*) as of_rows,
    min(handover.lead, 5) filter (loaded_ids.id is null) as examples
from handover
left join loaded_ids
    on
        handover.lead = loaded_ids.id
        and loaded_ids.kind = 'person'
