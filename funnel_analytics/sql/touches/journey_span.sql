-- One row: the lowest and the highest number of a journey.
-- params: none
select
    min(journey) as lowest,
    max(journey) as highest
from touch_log
