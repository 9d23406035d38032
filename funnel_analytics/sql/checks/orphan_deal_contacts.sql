-- One row: contacts on a deal that was never loaded.
-- params: none
select
    count(*) filter (deal.deal is null) as offending_rows,
    count(*) as of_rows,
    min(deal_contact.deal, 5) filter (deal.deal is null) as examples
from deal_contact
left join deal on deal_contact.deal = deal.deal
