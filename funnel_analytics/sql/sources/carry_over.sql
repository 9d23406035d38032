-- One row per row of an earlier load that this load does not replace.
-- params: system, patterns
insert into {{ table }} by name
select rows_before.*
from earlier.{{ table }} as rows_before
inner join earlier.load_log as loads_before on rows_before.load_no = loads_before.load_no
where
    loads_before.system <> $system
    or not list_contains($patterns, loads_before.pattern)
