-- One row: the counted deals of which nobody knows when they were created.
-- params: none
select count(*) as deals
from deals
where
    created_at is null
    and excluded is null
