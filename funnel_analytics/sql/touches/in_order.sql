-- One row per touch of an event log, in order: by journey, time and id; of touches at one instant
-- those come first that did not convert.
-- params: none
select
    coded_log.journey_no,
    coded_log.touched_us,
    cast(coded_log.code as integer) as code,
    cast(coded_log.created as utinyint) as created,
    coded_log.conversions,
    coded_log.value
from coded_log
order by
    coded_log.journey_no,
    coded_log.touched_us,
    coded_log.touch_id,
    coded_log.conversions > 0,
    coded_log.code,
    coded_log.created,
    coded_log.conversions,
    coded_log.value
