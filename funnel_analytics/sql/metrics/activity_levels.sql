-- One row per stage (but the last), what ended the stay, and how many own activities there were in
-- it: in all, and before the landmark (missing where the stay had ended by then): the stays of a
-- cohort, and how long they lasted together.
-- params: cohort_start, cohort_end, as_of, landmark_seconds
with

{{ active_stays() }}

counted as (

    select
        lead_no,
        stay_no,
        count(*) as activities,
        count(case when seconds < $landmark_seconds then 1 end) as early_activities
    from done_in_stays
    group by
        lead_no,
        stay_no

),

measured as (

    select
        stays.position,
        stays.outcome,
        coalesce(counted.activities, 0) as activities,
        coalesce(counted.early_activities, 0) as early_activities,
        greatest(
            0, {{ seconds_between("stays.entered_at", "coalesce(stays.left_at, $as_of)") }}
        ) as seconds
    from stays
    left join counted
        on
            stays.lead_no = counted.lead_no
            and stays.stay_no = counted.stay_no

)

select
    position,
    outcome,
    activities,
    case when seconds >= $landmark_seconds then early_activities end as early_activities,
    count(*) as stays,
    sum({{ double("seconds") }} / 86400) as days
from measured
group by
    position,
    outcome,
    activities,
    case when seconds >= $landmark_seconds then early_activities end
order by
    position,
    outcome,
    activities,
    early_activities
