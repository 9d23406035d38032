-- One row per row of totals, laid out like `staged`; none yet.
-- params: none
create or replace temp table staged_totals as
select *
from staged
where false
