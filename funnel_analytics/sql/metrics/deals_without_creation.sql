-- One row: the counted deals of which nobody knows when they were created.
-- params: none
select count(*) as deals
from deal
inner join deals on deal.deal = deals.deal
where
    deal.created_at is null
    and deals.excluded is null
