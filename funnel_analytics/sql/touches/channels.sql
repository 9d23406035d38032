-- One row per channel of an event log, by code.
-- params: none
select channel
from channel_code
order by code
