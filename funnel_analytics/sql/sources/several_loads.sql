-- One row per table and kind of file that several loads filled.
-- params: none
select table_name
from load_log
group by
    table_name,
    system,
    pattern,
    part
having count(*) > 1
order by table_name
