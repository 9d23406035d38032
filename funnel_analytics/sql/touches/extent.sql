-- One row: how many touches an event log has, how many of them lack something, and when the first
-- and the last came, in microseconds.
-- params: none
select
    count(*) as touches,
    count(*) - count(journey) as without_journey,
    count(*) - count(epoch_us(touched_at)) as without_time,
    epoch_us(min(touched_at)) as first_us,
    epoch_us(max(touched_at)) as last_us
from touch_log
