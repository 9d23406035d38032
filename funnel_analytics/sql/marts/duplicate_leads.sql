-- One row per e-mail hash of several leads that count, or would: how many, and the one that would
-- stay, which is the one created first. `is_merged`: they count as one already, by the agreement.
-- `is_conflict`: ids say that they are several persons.
-- params: merges_by_email
create table duplicate_leads as
with

counting as (

    select
        lead.email,
        lead.lead,
        lead.created_at
    from merge_ends
    inner join lead on merge_ends.lead = lead.lead
    where
        merge_ends.lead = merge_ends.end_lead
        and lead.email is not null
        and not coalesce(lead.is_deleted, false)
        and not coalesce(lead.is_test, false)

),

shared as (

    select
        email,
        count(*) as leads,
        min(created_at) as first_created_at
    from counting
    group by email
    having count(*) > 1

),

firsts as (

    select
        shared.email,
        min(counting.lead) as suggested_survivor
    from shared
    inner join counting
        on
            shared.email = counting.email
            and shared.first_created_at = counting.created_at
    group by shared.email

),

conflicts as (

    select distinct email_node
    from email_persons
    where is_conflict

)

select
    shared.email,
    shared.leads,
    firsts.suggested_survivor,
    $merges_by_email as is_merged,
    conflicts.email_node is not null as is_conflict
from shared
inner join firsts on shared.email = firsts.email
left join conflicts on '4' || shared.email = conflicts.email_node
order by
    shared.leads desc,
    shared.email asc
