-- One row per cohort (before or after), segment, stage (but the first) and time to enter it: the
-- leads that got to the stage before or a later one, and how many of them to this one or a later
-- one. The time is in whole days: `age_days` since the lead was in the stage before, of which the
-- data can hold no entries in the first `hidden_days`; `age_seconds` and `hidden_seconds` are the
-- sums of both over the leads. `cut_leads` were created before the data
-- can hold entries into the stage. A group is as large as in the cohort that has fewer of it, but
-- any, so that neither shows a small one.
-- params: before_start, before_end, after_start, after_end, by, minimum_group_size, folded, as_of
with

valued as (

    select
        lead_progress.*,
        lead_progress.created_at >= $before_start
        and lead_progress.created_at < $before_end as is_before,
        lead_attributes.value
    from lead_progress
    left join lead_attributes
        on
            lead_progress.lead_no = lead_attributes.lead_no
            and lead_attributes.attribute = $by
    where
        (lead_progress.created_at >= $before_start and lead_progress.created_at < $before_end)
        or (lead_progress.created_at >= $after_start and lead_progress.created_at < $after_end)

),

cohort_sizes as (

    select
        value,
        is_before,
        count(*) as leads
    from valued
    group by
        value,
        is_before

),

sizes as (

    select
        value,
        min(leads) as leads
    from cohort_sizes
    group by value

),

{{ folded_segments() }}

{{ observed_stages() }}

steps as (

    {% for k in stages if k > 1 %}
    select
        valued.value,
        valued.is_before,
        {{ k }} as position,
        {% if k == 2 %}
        valued.created_at as since,
        {% else %}
        valued.reached_{{ k - 1 }} as since,
        {% endif %}
        valued.reached_{{ k }} as reached_at,
        observed.observed_from,
        valued.created_at < observed.observed_from as is_cut
    from valued
    inner join observed on observed.position = {{ k }}
    where valued.furthest >= {{ k - 1 }}
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}

),

timed as (

    select
        value,
        is_before,
        position,
        greatest(0, {{ seconds_between("since", "$as_of") }}) as age_seconds,
        case
            when is_cut
                then greatest(0, {{ seconds_between("since", "observed_from") }})
            else 0
        end as hidden_seconds,
        reached_at,
        is_cut
    from steps

),

dated as (

    select
        *,
        floor({{ double("age_seconds") }} / 86400) as age_days,
        floor({{ double("hidden_seconds") }} / 86400) as hidden_days
    from timed

)

select
    segments.segment,
    segments.is_folded,
    min(segments.segment_leads) as segment_leads,
    min(segments.merged_groups) as merged_groups,
    dated.is_before,
    dated.position,
    dated.age_days,
    dated.hidden_days,
    sum(dated.age_seconds) as age_seconds,
    sum(dated.hidden_seconds) as hidden_seconds,
    count(*) as previous_leads,
    count(dated.reached_at) as reached_leads,
    count(case when dated.is_cut then 1 end) as cut_leads
from dated
inner join segments on dated.value is not distinct from segments.value
group by
    segments.segment,
    segments.is_folded,
    dated.is_before,
    dated.position,
    dated.age_days,
    dated.hidden_days
order by
    segments.segment,
    segments.is_folded,
    dated.is_before,
    dated.position,
    dated.age_days,
    dated.hidden_days
