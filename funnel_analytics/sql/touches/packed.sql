-- One row per touch of an event log, as one number.
-- params: none
select packed
from packed_log
