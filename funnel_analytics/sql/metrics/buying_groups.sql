-- One row per counted deal created in the period (`deal_no`): its outcome (missing: the export
-- does not say), its amount, the segment of its company (`stratum`), the people on it, those with
-- an unknown first day, those on it before the landmark, and the seconds until the second came or,
-- without one, as long as it was watched. `is_landmark`: it was still open then.
-- params: period_start, period_end, by, minimum_group_size, folded, timezone, as_of,
-- landmark_seconds
with

{{ asked_deals() }}

joined as (

    select
        asked_deals.deal_no,
        deal_roles.person_key,
        {{ seconds_between("asked_deals.created_at", "min(deal_roles.joined_at)") }} as seconds
    from asked_deals
    inner join deal_roles on asked_deals.deal = deal_roles.deal
    group by
        asked_deals.deal_no,
        asked_deals.created_at,
        deal_roles.person_key

),

placed as (

    select
        deal_no,
        seconds,
        row_number() over (
            partition by deal_no
            order by
                seconds asc nulls last,
                person_key asc
        ) as place
    from joined

),

groups as (

    select
        deal_no,
        count(*) as contacts,
        count(*) - count(seconds) as undated_contacts,
        count(case when seconds <= $landmark_seconds then 1 end) as early_contacts,
        min(case when place = 2 then greatest(0, seconds) end) as second_seconds
    from placed
    group by deal_no

),

watched as (

    select
        *,
        greatest(
            0, {{ seconds_between("created_at", "coalesce(closed_by_at, $as_of)") }}
        ) as watched_seconds
    from asked_deals

)

select
    watched.deal_no,
    watched.segment,
    watched.is_folded,
    watched.segment_leads,
    watched.merged_groups,
    watched.outcome,
    watched.amount,
    watched.stratum,
    coalesce(groups.contacts, 0) as contacts,
    coalesce(groups.undated_contacts, 0) as undated_contacts,
    coalesce(groups.early_contacts, 0) as early_contacts,
    coalesce(groups.second_seconds <= watched.watched_seconds, false) as has_second,
    case
        when groups.second_seconds <= watched.watched_seconds then groups.second_seconds
        else watched.watched_seconds
    end as seconds,
    {{ seconds_between("watched.created_at", "$as_of") }} >= $landmark_seconds
    and coalesce(
        {{ seconds_between("watched.created_at", "watched.closed_at") }} > $landmark_seconds, true
    ) as is_landmark
from watched
left join groups on watched.deal_no = groups.deal_no
order by watched.deal_no
