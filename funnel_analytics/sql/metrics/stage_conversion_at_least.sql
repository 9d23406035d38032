-- One row per segment and stage: the leads of a cohort that got at least that far, how many of
-- them without a recorded entry, and the median time since the entry into the stage before.
-- params: cohort_start, cohort_end, by, minimum_group_size, folded
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

totals as (

    select
        segments.segment,
        segments.is_folded,
        min(segments.merged_groups) as merged_groups,
        min(segments.segment_leads) as entered_leads,
        min(lead_progress.created_at) as first_created_at,
        count(
            case
                when
                    {% for k in stages if k > 1 %}
                    lead_progress.furthest >= {{ k }} and lead_progress.entered_{{ k }} is null
                    {% if not loop.last %}or{% endif %}
                    {% endfor %}
                    then 1
            end
        ) as gap_leads,
        {% for k in stages %}
        count(case when lead_progress.furthest >= {{ k }} then 1 end) as reached_{{ k }},
        count(
            case
                when
                    lead_progress.furthest >= {{ k }}
                    and lead_progress.entered_{{ k }} is null
                    then 1
            end
        ) as imputed_{{ k }},
        {% if k > 1 %}
        {{ quantile(
            "case when lead_progress.latest_" ~ k ~ " >= lead_progress.earliest_" ~ (k - 1)
            ~ " then greatest(0, "
            ~ seconds_between("lead_progress.entered_" ~ (k - 1), "lead_progress.entered_" ~ k)
            ~ ") end", 0.5
        ) }} as median_{{ k }}
        {% else %}
        null as median_{{ k }}
        {% endif %}
        {% if not loop.last %},{% endif %}
        {% endfor %}
    from lead_progress
    left join lead_attributes
        on
            lead_progress.lead_no = lead_attributes.lead_no
            and lead_attributes.attribute = $by
    inner join segments on lead_attributes.value is not distinct from segments.value
    where
        lead_progress.created_at >= $cohort_start
        and lead_progress.created_at < $cohort_end
    group by
        segments.segment,
        segments.is_folded

),

counted as (

    {% for k in stages %}
    select
        segment,
        is_folded,
        merged_groups,
        entered_leads,
        first_created_at,
        gap_leads,
        {{ k }} as position,
        {% if k > 1 %}reached_{{ k - 1 }}{% else %}entered_leads{% endif %} as previous_leads,
        reached_{{ k }} as reached_leads,
        imputed_{{ k }} as imputed_leads,
        median_{{ k }} / 86400 as median_days
    from totals
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}

)

select
    segment,
    is_folded,
    merged_groups,
    entered_leads,
    first_created_at,
    gap_leads,
    position,
    previous_leads,
    reached_leads,
    imputed_leads,
    median_days
from counted
order by segment, is_folded, position
