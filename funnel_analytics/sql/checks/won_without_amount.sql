-- One row: won deals without an amount in the agreement's currency; they count, but bring no
-- revenue.
-- params: none
select
    count(*) filter (amount is null) as offending_rows,
    count(*) as of_rows,
    min(deal, 5) filter (amount is null) as examples
from won_deals
