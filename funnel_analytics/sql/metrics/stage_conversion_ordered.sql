-- One row per segment and stage: the leads of a cohort that entered every stage up to it, each at
-- or after the one before, and the median time between the two. Leads whose first entries are in
-- order need no search; for the others the earliest entry that follows is looked for, stage by
-- stage. Where a stamp can mean several instants, it follows if one of them does: `chain_k` is when
-- the leads had come so far by their stamps, `since_k` when they can have been there at the
-- earliest.
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

strayed as (

    select
        lead_no,
        created_at,
        greatest(created_at, entered_1) as chain_1,
        greatest(created_at, earliest_1) as since_1
    from lead_progress
    where
        created_at >= $cohort_start
        and created_at < $cohort_end
        and not is_in_order

),

found_1 as (

    select
        lead_no,
        chain_1,
        since_1
    from strayed

),

{% for k in stages if k > 1 %}
found_{{ k }} as (

    select
        found_{{ k - 1 }}.lead_no,
        min(greatest(stage_entries.entered_at, found_{{ k - 1 }}.chain_{{ k - 1 }}))
            as chain_{{ k }},
        min(greatest(stage_entries.earliest_at, found_{{ k - 1 }}.since_{{ k - 1 }}))
            as since_{{ k }}
    from found_{{ k - 1 }}
    inner join stage_entries
        on
            found_{{ k - 1 }}.lead_no = stage_entries.lead_no
            and found_{{ k - 1 }}.since_{{ k - 1 }} <= stage_entries.latest_at
    where stage_entries.position = {{ k }}
    group by found_{{ k - 1 }}.lead_no

),

{% endfor %}
chains as (

    select
        lead_no,
        created_at,
        greatest(created_at, entered_1) as chain_1
        {%- for k in stages if k > 1 %},
        case
            when
                entered_{{ k }} is not null
                {%- for earlier in stages if 1 < earlier < k %}
                and entered_{{ earlier }} is not null
                {%- endfor %}
                then entered_{{ k }}
        end as chain_{{ k }}
        {%- endfor %}
    from lead_progress
    where
        created_at >= $cohort_start
        and created_at < $cohort_end
        and is_in_order
    union all
    select
        strayed.lead_no,
        strayed.created_at,
        strayed.chain_1
        {%- for k in stages if k > 1 %},
        found_{{ k }}.chain_{{ k }}
        {%- endfor %}
    from strayed
    {% for k in stages if k > 1 %}
    left join found_{{ k }} on strayed.lead_no = found_{{ k }}.lead_no
    {% endfor %}

),

totals as (

    select
        segments.segment,
        segments.is_folded,
        min(segments.merged_groups) as merged_groups,
        min(segments.segment_leads) as entered_leads,
        min(chains.created_at) as first_created_at,
        0 as gap_leads,
        {% for k in stages %}
        count(chains.chain_{{ k }}) as reached_{{ k }},
        0 as imputed_{{ k }},
        {% if k > 1 %}
        {{ quantile(
            seconds_between("chains.chain_" ~ (k - 1), "chains.chain_" ~ k), 0.5
        ) }} as median_{{ k }}
        {% else %}
        null as median_{{ k }}
        {% endif %}
        {% if not loop.last %},{% endif %}
        {% endfor %}
    from chains
    left join lead_attributes
        on
            chains.lead_no = lead_attributes.lead_no
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
