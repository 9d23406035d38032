-- One row per row that every build keeps, whatever is loaded.
-- params: none
insert into {{ table }} by name
select rows_before.*
from earlier.{{ table }} as rows_before
