-- One row per touch of an event log with conversions or a value, and these.
-- params: none
select
    journey_no,
    touched_us,
    code,
    coalesce(conversions > 0, false) as is_converted,
    created,
    coalesce(conversions, 0) as conversions,
    coalesce(value, 0) as value
from coded_log
where
    conversions != 0
    or value != 0
