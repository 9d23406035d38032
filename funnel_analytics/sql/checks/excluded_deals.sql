-- One row: deals that do not count: deleted ones, and those all of whose leads are deleted or
-- tests.
-- params: none
select
    count(excluded) as offending_rows,
    count(*) as of_rows,
    min(deal, 5) filter (excluded is not null) as examples
from deals
