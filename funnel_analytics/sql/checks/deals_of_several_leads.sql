-- One row: deals of contacts with several leads, one of which had to be chosen for the deal.
-- params: none
select
    count(*) filter (event_leads.choices > 1) as offending_rows,
    count(*) as of_rows,
    min(deal.deal, 5) filter (event_leads.choices > 1) as examples
from deal
left join event_leads
    on
        deal.deal = event_leads.deal
        and event_leads.choices > 1
where not coalesce(deal.is_deleted, false)
