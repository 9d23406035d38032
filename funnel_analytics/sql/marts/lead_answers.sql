-- One row per counted lead, criterion and time at which an answer to it was recorded. `is_met` is
-- what the answer says; missing where it is other text, or none (`is_answered` is false: an answer
-- was taken back). Of several answers at one time a no counts. `recorded_by_at` is the last
-- instant that a stamp of day precision can mean. `position`: the stage the lead was in just
-- before. `is_late`: not surely before the lead was won, or lost or rejected for good. `answer_no`
-- counts from the latest answer back, `early_no` from the latest that is not late; `is_first`: the
-- first answer.
-- params: timezone
create table lead_answers as
with

given as (

    select
        named_leads.lead_no,
        qualification.criterion,
        qualification.recorded_at,
        case
            when coalesce(qualification.recorded_at_is_day, false)
                then {{ end_of_day('qualification.recorded_at') }}
            else qualification.recorded_at
        end as recorded_by_at,
        nullif(lower(trim(qualification.value)), '') as value
    from qualification
    inner join named_leads
        on
            qualification.lead = named_leads.id
            and named_leads.in_lead_place
            and coalesce(qualification.recorded_at >= named_leads.starts_at, true)
            and coalesce(qualification.recorded_at < named_leads.ends_at, true)
    where named_leads.lead_no is not null

),

meant as (

    select
        lead_no,
        criterion,
        recorded_at,
        recorded_by_at,
        bool_or(value is not null) as is_answered,
        bool_and(
            case
                when value in ('yes', 'y', 'true', 't', '1', 'x', 'ja', 'j', 'wahr') then true
                when value in ('no', 'n', 'false', 'f', '0', 'nein', 'falsch') then false
            end
        ) as is_met
    from given
    group by
        lead_no,
        criterion,
        recorded_at,
        recorded_by_at

),

moments as (

    select distinct
        lead_no,
        recorded_by_at
    from meant

),

-- An entry at the same instant was saved together with the answer: it comes after it.
placed as (

    select
        moments.lead_no,
        moments.recorded_by_at,
        coalesce(
            arg_max(stage_stays.position, stage_stays.stay_no)
            filter (where stage_stays.entered_at < moments.recorded_by_at),
            arg_min(stage_stays.position, stage_stays.stay_no)
        ) as position
    from moments
    inner join stage_stays on moments.lead_no = stage_stays.lead_no
    group by
        moments.lead_no,
        moments.recorded_by_at

),

judged as (

    select
        meant.*,
        placed.position,
        coalesce(
            meant.recorded_by_at
            >= coalesce(lead_progress.earliest_{{ stages | last }}, lead_ends.ended_at),
            false
        ) as is_late
    from meant
    inner join placed
        on
            meant.lead_no = placed.lead_no
            and meant.recorded_by_at = placed.recorded_by_at
    inner join lead_progress on meant.lead_no = lead_progress.lead_no
    left join lead_ends on meant.lead_no = lead_ends.lead_no

)

select
    lead_no,
    criterion,
    recorded_at,
    recorded_by_at,
    is_answered,
    is_met,
    position,
    is_late,
    row_number() over (
        partition by lead_no, criterion order by recorded_by_at desc, recorded_at desc
    ) as answer_no,
    case
        when not is_late
            then row_number() over (
                partition by lead_no, criterion, is_late
                order by recorded_by_at desc, recorded_at desc
            )
    end as early_no,
    is_answered
    and row_number() over (
        partition by lead_no, criterion, is_answered order by recorded_by_at, recorded_at
    ) = 1 as is_first
from judged
order by
    lead_no,
    criterion,
    answer_no
