-- One row per channel of an event log: its code, in the order of the names, a missing one last.
-- params: none
create temp table channel_code as
select
    channel,
    row_number() over (order by channel nulls last) - 1 as code
from (select distinct channel from touch_log) as named
