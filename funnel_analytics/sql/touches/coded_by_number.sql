-- One row per touch of an event log whose journeys are numbers.
-- params: none
create temp view coded_log as
select
    cast(journey as bigint) as journey_no,
    epoch_us(touched_at) as touched_us,
    {{ code }} as code,
    created,
    conversions,
    value,
    touch_id
from touch_log
