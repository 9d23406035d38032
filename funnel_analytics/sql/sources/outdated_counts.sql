-- One row per load with rows that a newer export restates, and load that does.
-- params: none
select
    load_no,
    newer_load,
    count(*) as outdated_rows
from outdated
group by
    load_no,
    newer_load
order by
    load_no,
    newer_load
