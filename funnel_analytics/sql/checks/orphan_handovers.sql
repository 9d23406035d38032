-- One row: hand-overs whose lead (or contact) was never loaded.
-- params: none
with

people as (

    select lead as id from lead
    union
    select contact as id from contact

)

select
    count(*) filter (people.id is null) as offending_rows,
    count(*) as of_rows,
    min(handover.lead, 5) filter (people.id is null) as examples
from handover
left join people on handover.lead = people.id
