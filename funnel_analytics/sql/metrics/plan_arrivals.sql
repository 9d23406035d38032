-- One row per day on which leads were created: how many.
-- params: none
select
    created_on,
    count(*) as leads
from leads
group by created_on
order by created_on
