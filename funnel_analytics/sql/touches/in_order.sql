-- One row per touch of an event log, in order: by journey, time and id; of touches at one instant
-- those come first that did not convert.
-- params: none
select
    journey_no,
    touched_us,
    code,
    created,
    coalesce(conversions, 0) as conversions,
    coalesce(value, 0) as value
from coded_log
order by
    journey_no,
    touched_us,
    touch_id,
    coalesce(conversions > 0, false),
    code,
    created,
    coalesce(conversions, 0),
    coalesce(value, 0)
