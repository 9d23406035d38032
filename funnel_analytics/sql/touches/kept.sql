-- One row per touch of an event log that is a text file, with the columns that are asked for.
-- params: none
create temp table kept_log as
select
    {{ asked }}
from given_log
