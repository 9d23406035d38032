-- One row per segment, stage (but the last) and length of stay in seconds: the leads of a cohort
-- whose first stay in the stage ended so, by what ended it, and those still in it.
-- params: cohort_start, cohort_end, by, minimum_group_size, folded, as_of
with

sizes as (

    select
        lead_attributes.value,
        count(*) as leads
    from lead_progress
    left join lead_attributes
        on
            lead_progress.lead_no = lead_attributes.lead_no
            and lead_attributes.attribute = $by
    where
        lead_progress.created_at >= $cohort_start
        and lead_progress.created_at < $cohort_end
    group by lead_attributes.value

),

{{ folded_segments() }}

stays as (

    {% for k in stages[:-1] %}
    select
        lead_no,
        {{ k }} as position,
        entered_{{ k }} as entered_at,
        earliest_{{ k }} as earliest_at,
        latest_{{ k }} as latest_at
    from lead_progress
    where
        created_at >= $cohort_start
        and created_at < $cohort_end
        and entered_{{ k }} is not null
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}

),

moves as (

    select
        stays.lead_no,
        stays.position,
        min(
            case
                when
                    stage_entries.position > stays.position
                    and stage_entries.latest_at >= stays.earliest_at
                    then greatest(stage_entries.entered_at, stays.entered_at)
            end
        ) as moved_on_at,
        min(
            case
                when
                    stage_entries.position < stays.position
                    and stage_entries.earliest_at > stays.latest_at
                    and not stage_entries.is_added
                    then stage_entries.entered_at
            end
        ) as moved_back_at
    from stays
    inner join stage_entries
        on
            stays.lead_no = stage_entries.lead_no
            and stays.position <> stage_entries.position
    group by
        stays.lead_no,
        stays.position

),

closes as (

    select
        stays.lead_no,
        stays.position,
        min(greatest(closures.closed_at, stays.entered_at)) as closed_at
    from stays
    inner join closures
        on
            stays.lead_no = closures.lead_no
            and stays.earliest_at <= closures.latest_at
    group by
        stays.lead_no,
        stays.position

),

ended as (

    select
        stays.lead_no,
        stays.position,
        stays.entered_at,
        moves.moved_on_at,
        moves.moved_back_at,
        closes.closed_at,
        least(moves.moved_on_at, closes.closed_at, moves.moved_back_at) as ended_at
    from stays
    left join moves
        on
            stays.lead_no = moves.lead_no
            and stays.position = moves.position
    left join closes
        on
            stays.lead_no = closes.lead_no
            and stays.position = closes.position

),

named as (

    select
        lead_no,
        position,
        greatest(0, {{ seconds_between("entered_at", "coalesce(ended_at, $as_of)") }}) as seconds,
        case
            when ended_at is null then 'open'
            when moved_on_at = ended_at then 'moved_on'
            when closed_at = ended_at then 'closed'
            when moved_back_at = ended_at then 'moved_back'
        end as ending
    from ended

)

select
    segments.segment,
    segments.is_folded,
    named.position,
    named.seconds,
    min(segments.segment_leads) as segment_leads,
    min(segments.merged_groups) as merged_groups,
    count(case when named.ending = 'moved_on' then 1 end) as moved_on_leads,
    count(case when named.ending = 'moved_back' then 1 end) as moved_back_leads,
    count(case when named.ending = 'closed' then 1 end) as closed_leads,
    count(case when named.ending = 'open' then 1 end) as open_leads
from named
left join lead_attributes
    on
        named.lead_no = lead_attributes.lead_no
        and lead_attributes.attribute = $by
inner join segments on lead_attributes.value is not distinct from segments.value
group by
    segments.segment,
    segments.is_folded,
    named.position,
    named.seconds
order by
    segments.segment,
    segments.is_folded,
    named.position,
    named.seconds
