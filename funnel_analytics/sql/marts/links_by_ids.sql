-- One row per pair of person keys, leads and contacts that one row names together, or that were
-- merged. Merged leads to which the exports give different person keys stay two persons.
-- params: none
create or replace temp table links as
select
    key_node as node,
    lead_node as other
from person_mentions
where
    not is_test
    and key_node is not null
    and lead_node is not null
union
select
    key_node as node,
    contact_node as other
from person_mentions
where
    not is_test
    and key_node is not null
    and contact_node is not null
union
select
    lead_node as node,
    contact_node as other
from person_mentions
where
    not is_test
    and lead_node is not null
    and contact_node is not null
union
select
    '2' || lead_survivors.lead as node,
    '2' || lead_survivors.survivor as other
from lead_survivors
inner join lead on lead_survivors.lead = lead.lead
inner join lead as stays on lead_survivors.survivor = stays.lead
where
    lead_survivors.lead <> lead_survivors.survivor
    and coalesce(lead.person_key = stays.person_key, true)
union
select
    '3' || contact as node,
    '3' || contact_group as other
from contact_groups
where contact <> contact_group
