-- One row per pair of person keys, leads and contacts that one row names together, or that their
-- system merged. Merged leads to which the exports give different person keys stay two persons.
-- params: none
create or replace temp table links as
with

pairs as (

    select
        unnest([key_node, key_node, lead_node, owner_node]) as node,
        unnest([lead_node, contact_node, contact_node, web_user_node]) as other
    from person_mentions
    where not is_test

)

select
    node,
    other
from pairs
where
    node is not null
    and other is not null
union
select
    '2' || merge_ends.lead as node,
    '2' || merge_ends.end_lead as other
from merge_ends
inner join lead on merge_ends.lead = lead.lead
inner join lead as stays on merge_ends.end_lead = stays.lead
where
    merge_ends.lead <> merge_ends.end_lead
    and coalesce(lead.person_key = stays.person_key, true)
union
select
    '3' || contact as node,
    '3' || contact_group as other
from contact_groups
where contact <> contact_group
