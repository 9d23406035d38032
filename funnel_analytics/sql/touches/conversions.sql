-- One row per touch of an event log with conversions or a value.
-- params: none
select
    conversions,
    value
from touch_log
where
    conversions != 0
    or value != 0
