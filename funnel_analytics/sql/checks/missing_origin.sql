-- One row: leads without an origin; the word unknown is an origin of its own.
-- params: none
select
    count(*) filter (origin is null) as offending_rows,
    count(*) as of_rows,
    min(lead, 5) filter (origin is null) as examples
from leads
