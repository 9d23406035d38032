-- One row per touch of an event log with conversions or a value, as one number, and these.
-- params: none
select
    packed,
    conversions,
    value
from packed_log
where
    conversions != 0
    or value != 0
