-- One row per touch of an event log whose journeys are names, numbered in the order of the names.
-- params: none
create temp view coded_log as
select
    journey_number.journey_no,
    epoch_us(touch_log.touched_at) as touched_us,
    {{ code }} as code,
    touch_log.created,
    touch_log.conversions,
    touch_log.value,
    touch_log.touch_id
from touch_log
inner join journey_number on touch_log.journey = journey_number.journey
