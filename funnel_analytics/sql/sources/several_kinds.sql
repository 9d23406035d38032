-- One row per table and system that filled it with several kinds of export: name patterns, or their
-- parts.
-- params: none
select table_name
from load_log
where rows_loaded > 0
group by
    table_name,
    system
having count(distinct concat(pattern, '|', part)) > 1
order by table_name
