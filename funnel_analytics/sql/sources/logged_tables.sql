-- One row per canonical table that the load log names.
-- params: none
select distinct table_name
from load_log
order by table_name
