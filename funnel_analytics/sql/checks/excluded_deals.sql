-- One row: deals that do not count, since all of their leads are deleted or tests.
-- params: none
with

uncounted as (

    select deal
    from deal_leads
    group by deal
    having count(lead_no) = 0

)

select
    count(uncounted.deal) as offending_rows,
    count(*) as of_rows,
    array_to_string(min(uncounted.deal, 5), ', ') as examples
from deal
left join uncounted on deal.deal = uncounted.deal
