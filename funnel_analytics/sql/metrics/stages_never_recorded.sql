-- One row per agreed stage that leads got past, although no source ever recorded an entry.
-- params: none
select stage
from stage_records
where is_never_recorded
order by position
