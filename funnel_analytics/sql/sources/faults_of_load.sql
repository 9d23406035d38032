-- One row per fault of a load, the first ones.
-- params: load_no, most
select
    line,
    column_name,
    value,
    reason
from quarantine
where load_no = $load_no
order by
    line,
    column_name
limit $most
