-- One row: rows of stage_event that name neither a stage nor a status, and count for nothing.
-- params: none
select
    count(*) filter (stage is null and status is null) as offending_rows,
    count(*) as of_rows,
    min(coalesce(lead, deal), 5) filter (stage is null and status is null) as examples
from stage_event
