-- One row: won deals without the day on which they closed; no month can count them.
-- params: none
select
    count(*) filter (closed_at is null) as offending_rows,
    count(*) as of_rows,
    min(deal, 5) filter (closed_at is null) as examples
from deal
where is_won
