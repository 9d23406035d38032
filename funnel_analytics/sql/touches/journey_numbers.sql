-- One row per journey of an event log: its number, in the order of what names it.
-- params: none
create temp table journey_number as
select
    journey,
    row_number() over (order by journey) - 1 as journey_no
from (select distinct journey from touch_log) as named
