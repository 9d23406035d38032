-- One row: leads whose first contact lies before their creation.
-- params: none
select
    count(*) filter (contacts.is_before_creation) as offending_rows,
    count(*) as of_rows,
    min(leads.lead, 5) filter (contacts.is_before_creation) as examples
from contacts
inner join leads on contacts.lead_no = leads.lead_no
