-- One row per loaded lead: the lead that its system merged it into, as the lead's own row says or,
-- where a contact is a lead under the same id, the contact's. A chain ends in its last loaded
-- lead; leads that are merged in a circle, and those merged into one, end in its smallest id. A
-- test lead ends in itself wherever it was merged: what it did is no lead's.
-- params: none
create or replace temp table merge_ends as
with recursive

merged as (

    select
        lead.lead,
        lead.merged_into
    from lead
    inner join lead as target on lead.merged_into = target.lead
    where lead.merged_into <> lead.lead
    union
    select
        contact.contact as lead,
        contact.merged_into
    from contact
    inner join lead on contact.contact = lead.lead
    inner join lead as target on contact.merged_into = target.lead
    where contact.merged_into <> contact.contact

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

    select
        reachable.lead,
        coalesce(lead.is_test, false) as is_test
    from reachable
    inner join lead on reachable.lead = lead.lead
    where reachable.lead = reachable.other

),

ends as (

    select
        reachable.lead,
        min(case when merged.lead is null then reachable.other end) as last_of_chain,
        min(case when not circles.is_test then circles.lead end) as smallest_of_circle
    from reachable
    left join merged on reachable.other = merged.lead
    left join circles on reachable.other = circles.lead
    group by reachable.lead

)

select
    lead.lead,
    case
        when lead.is_test then lead.lead
        else coalesce(ends.last_of_chain, ends.smallest_of_circle, lead.lead)
    end as end_lead
from lead
left join ends on lead.lead = ends.lead
