-- One row: touches that name no person, which no journey can use.
-- params: none
select
    count(*) filter (person_key is null) as offending_rows,
    count(*) as of_rows,
    array_to_string(min(touch, 5) filter (person_key is null), ', ') as examples
from touch
