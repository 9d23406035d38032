-- One row: entries into a stage or status that nobody recorded and that were worked out from two
-- exports of different days; they lie somewhere between the two.
-- params: none
select
    count(*) filter (provenance = 'snapshot_diff') as offending_rows,
    count(*) as of_rows,
    min(coalesce(lead, deal), 5) filter (provenance = 'snapshot_diff') as examples
from stage_event
where
    stage is not null
    or status is not null
