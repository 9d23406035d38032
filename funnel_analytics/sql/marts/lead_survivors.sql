-- One row per loaded lead: the lead it counts as, after the merges of its system and those that the
-- agreement asks for. Of leads merged by the agreement the one created first stays; the smallest id
-- decides between leads of one instant.
-- params: none
create or replace temp table lead_survivors as
with

-- The smallest node of a group is an address ('e'), so that all its leads ('l') have a row.
grouped as (

    select
        substr(node, 2) as lead,
        component
    from components
    where left(node, 1) = 'l'

),

placed as (

    select
        grouped.lead,
        first_value(grouped.lead) over (
            partition by grouped.component
            order by lead.created_at, grouped.lead
        ) as survivor
    from grouped
    inner join lead on grouped.lead = lead.lead

)

select
    merge_ends.lead,
    coalesce(placed.survivor, merge_ends.end_lead) as survivor
from merge_ends
left join placed on merge_ends.end_lead = placed.lead
