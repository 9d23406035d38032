-- One row per loaded lead: the lead it counts as, after merges. A chain ends in its last loaded
-- lead; leads that are merged in a circle, and those merged into one, count as its smallest id.
-- params: none
create table survivors as
with recursive

merged as (

    select
        lead.lead,
        lead.merged_into
    from lead
    inner join lead as target on lead.merged_into = target.lead
    where lead.merged_into <> lead.lead

),

reachable as (

    select
        lead,
        merged_into as other
    from merged
    union
    select
        reachable.lead,
        merged.merged_into as other
    from reachable
    inner join merged on reachable.other = merged.lead

),

circles as (

    select lead
    from reachable
    where lead = other

),

ends as (

    select
        reachable.lead,
        min(case when merged.lead is null then reachable.other end) as last_of_chain,
        min(circles.lead) as smallest_of_circle
    from reachable
    left join merged on reachable.other = merged.lead
    left join circles on reachable.other = circles.lead
    group by reachable.lead

)

select
    lead.lead,
    coalesce(ends.last_of_chain, ends.smallest_of_circle, lead.lead) as survivor
from lead
left join ends on lead.lead = ends.lead
