-- One row per stage (but the last), what ended the stay, and kind of own activity in it (missing:
-- not stated): how many, and in how many stays of the cohort.
-- params: cohort_start, cohort_end
with

{{ active_stays() }}

per_stay as (

    select
        lead_no,
        stay_no,
        position,
        outcome,
        kind,
        count(*) as activities
    from done_in_stays
    group by
        lead_no,
        stay_no,
        position,
        outcome,
        kind

)

select
    position,
    outcome,
    kind,
    sum(activities) as activities,
    count(*) as stays_with
from per_stay
group by
    position,
    outcome,
    kind
order by
    position,
    outcome,
    kind
