-- One row: loaded leads that do not count: merged into another, deleted, or tests.
-- params: none
with

judged as (

    select
        lead.lead,
        leads.lead is null as is_out
    from lead
    left join leads on lead.lead = leads.lead

)

select
    count(*) filter (is_out) as offending_rows,
    count(*) as of_rows,
    min(lead, 5) filter (is_out) as examples
from judged
