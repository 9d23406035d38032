-- One row per row of an earlier load that this load keeps.
-- params: kept
insert into {{ table }} by name
select rows_before.*
from earlier.{{ table }} as rows_before
where list_contains($kept, rows_before.load_no)
