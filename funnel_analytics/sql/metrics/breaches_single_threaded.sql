-- One row per open deal with fewer contacts than agreed, or with none in a role that decides: how
-- many there are, and whether one decides (missing where nobody's role is known). It stands with
-- the open lead that got furthest, if one is on it.
-- params: minimum_contacts, decision_roles, as_of, cohort_start, cohort_end, by,
-- minimum_group_size, folded
with

{{ open_leads() }}

{{ open_deals() }}

buying_groups as (

    select
        deal,
        count(distinct person_key) as contacts,
        case
            when count(role) > 0
                then count(
                    case when list_position($decision_roles, role) > 0 then 1 end
                ) > 0
        end as has_decision_maker
    from deal_roles
    group by deal

),

weighed as (

    select
        open_deals.deal,
        open_deals.created_at,
        coalesce(buying_groups.contacts, 0) as contacts,
        buying_groups.has_decision_maker,
        coalesce(buying_groups.contacts, 0) < $minimum_contacts as is_too_few,
        not coalesce(buying_groups.has_decision_maker, true) as is_undecided
    from open_deals
    left join buying_groups on open_deals.deal = buying_groups.deal

),

listed as (

    select
        leads_on_deals.lead_no,
        weighed.deal,
        leads_on_deals.position,
        cast(null as varchar) as team,
        weighed.created_at as since_at,
        {{ null_timestamp() }} as due_at,
        greatest(0, {{ seconds_between("weighed.created_at", "$as_of") }}) as over_seconds,
        case
            when weighed.is_too_few and weighed.is_undecided then 'few_contacts_none_decides'
            when weighed.is_too_few then 'few_contacts'
            when weighed.is_undecided then 'none_decides'
        end as reason,
        weighed.contacts,
        weighed.has_decision_maker
    from weighed
    left join leads_on_deals
        on
            weighed.deal = leads_on_deals.deal
            and leads_on_deals.place = 1
    where
        weighed.is_too_few
        or weighed.is_undecided

),

{{ listed_cases() }}

select
    cases.*,
    listed.contacts,
    listed.has_decision_maker
from cases
inner join listed on cases.deal = listed.deal
order by cases.deal
