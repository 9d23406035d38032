-- One row: the day on which the first counted lead was created.
-- params: none
select min(created_on) as first_created_on
from leads
