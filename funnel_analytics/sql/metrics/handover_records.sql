-- One row per kind of hand-over in the data: how many there are, and how many have an answer, an
-- escalation or a count of missing fields.
-- params: none
select
    kind,
    count(*) as handovers,
    count(answer) as answered,
    count(escalated_at) as escalated,
    count(missing_fields) as with_fields
from handovers
group by kind
order by kind
