-- One row per segment and stage: the leads of a cohort that got at least that far, how many of
-- them without a recorded entry, and the median time since the entry into the stage before.
-- params: cohort_start, cohort_end, as_of, passes, within_seconds, span_seconds, is_optional,
--   by, minimum_group_size, folded
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

{{ cohort_passes() }}

{{ passes_at_least() }}

{{ passes_within() }}

totals as (

    select
        segments.segment,
        segments.is_folded,
        min(segments.merged_groups) as merged_groups,
        min(segments.segment_leads) as segment_leads,
        count(*) as cohort_leads,
        min(asked.created_at) as first_created_at,
        count(
            case
                when
                    {% for k in stages if k > 1 %}
                    (asked.is_imputed_{{ k }} and asked.is_there_{{ k }} and asked.is_due_{{ k }})
                    {% if not loop.last %}or{% endif %}
                    {% endfor %}
                    then 1
            end
        ) as gap_leads,
        {% for k in stages %}
        count(case when asked.is_due_{{ k }} then 1 end) as entered_{{ k }},
        {% if k > 1 %}
        count(case when asked.is_due_{{ k }} and asked.is_base_{{ k }} then 1 end)
            as previous_{{ k }},
        {{ quantile(
            "case when asked.is_due_" ~ k ~ " and asked.is_there_" ~ k
            ~ " then asked.wait_" ~ k ~ " end", 0.5
        ) }} as median_{{ k }},
        {% else %}
        count(*) as previous_{{ k }},
        null as median_{{ k }},
        {% endif %}
        count(case when asked.is_due_{{ k }} and asked.is_there_{{ k }} then 1 end)
            as reached_{{ k }},
        count(
            case
                when
                    asked.is_due_{{ k }}
                    and asked.is_there_{{ k }}
                    and asked.is_imputed_{{ k }}
                    then 1
            end
        ) as imputed_{{ k }}
        {% if not loop.last %},{% endif %}
        {% endfor %}
    from asked
    left join lead_attributes
        on
            asked.lead_no = lead_attributes.lead_no
            and lead_attributes.attribute = $by
    inner join segments on lead_attributes.value is not distinct from segments.value
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
        segment_leads,
        first_created_at,
        gap_leads,
        {{ k }} as position,
        entered_{{ k }} as entered_leads,
        cohort_leads - entered_{{ k }} as not_due_leads,
        previous_{{ k }} as previous_leads,
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
    segment_leads,
    first_created_at,
    gap_leads,
    position,
    entered_leads,
    not_due_leads,
    previous_leads,
    reached_leads,
    imputed_leads,
    median_days
from counted
order by segment, is_folded, position
