-- One row per touch of an event log with conversions or a value.
-- params: none
select
    coalesce(conversions, 0) as conversions,
    coalesce(value, 0) as value
from touch_log
where
    conversions != 0
    or value != 0
