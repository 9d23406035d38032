-- One row per lead and e-mail address, where the agreement says that leads with one address are one
-- lead; deleted and test leads take no part.
-- params: merges_by_email
create or replace temp table links as
select distinct
    'l' || lead.lead as node,
    'e' || lead.email as other
from merge_ends
inner join lead on merge_ends.end_lead = lead.lead
where
    $merges_by_email
    and lead.email is not null
    and not coalesce(lead.is_deleted, false)
    and not coalesce(lead.is_test, false)
