-- One row per touch of an event log whose journeys are names, numbered in the order of the names.
-- params: none
create temp view coded_log as
select
    journey_number.journey_no,
    epoch_us(touch_log.touched_at) as touched_us,
    channel_code.code,
    touch_log.created,
    touch_log.conversions,
    touch_log.value,
    touch_log.touch_id
from touch_log
inner join channel_code on touch_log.channel is not distinct from channel_code.channel
inner join journey_number on touch_log.journey = journey_number.journey
