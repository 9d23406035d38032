-- One row per segment, combination of the values of the attributes, fifth of the score, fold and
-- furthest stage, and the fields that were missing at hand-overs: the leads of a cohort and the
-- first creation among them.
-- `key` is the numbers of the values, each times the factor of its attribute, summed; an attribute
-- with factor 0 is not asked for. `score_fifth` is 0 to 4 from the lowest scores on, 5
-- without one. `fold` is 0 to 4, by a hash of the lead's id. `missing_k` is how many fields were
-- known to be missing when the lead was first handed to the owner of the stage, at most 3.
-- params: cohort_start, cohort_end, minimum_leads, factors, owners,
--   by, minimum_group_size, folded
with

{{ cohort_segments() }}

{{ numbered_values() }}

parts as (

    select
        attribute,
        value,
        value_no * {{ element("$factors", "attribute_no") }} as part
    from numbered_values

),

keyed as (

    select
        lead_attributes.lead_no,
        sum(parts.part) as key
    from lead_attributes
    inner join parts
        on
            lead_attributes.attribute = parts.attribute
            and lead_attributes.value is not distinct from parts.value
    where parts.part > 0
    group by lead_attributes.lead_no

),

cohort_leads as (

    select
        lead_progress.lead_no,
        lead_progress.furthest,
        lead_progress.created_at,
        leads.lead,
        leads.score
    from lead_progress
    inner join leads on lead_progress.lead_no = leads.lead_no
    where
        lead_progress.created_at >= $cohort_start
        and lead_progress.created_at < $cohort_end

),

cuts as (

    select
        {{ quantile("score", "0.2") }} as cut_1,
        {{ quantile("score", "0.4") }} as cut_2,
        {{ quantile("score", "0.6") }} as cut_3,
        {{ quantile("score", "0.8") }} as cut_4
    from cohort_leads

),

hashed as (

    select
        lead_no,
        furthest,
        created_at,
        score,
        substr(md5(lead), 1, 1) as digit_1,
        substr(md5(lead), 2, 1) as digit_2
    from cohort_leads

),

placed as (

    select
        hashed.lead_no,
        hashed.furthest,
        hashed.created_at,
        mod(
            16 * position(hashed.digit_1 in '0123456789abcdef')
            + position(hashed.digit_2 in '0123456789abcdef'),
            5
        ) as fold,
        case
            when hashed.score is null then 5
            when hashed.score <= cuts.cut_1 then 0
            when hashed.score <= cuts.cut_2 then 1
            when hashed.score <= cuts.cut_3 then 2
            when hashed.score <= cuts.cut_4 then 3
            when hashed.score > cuts.cut_4 then 4
        end as score_fifth
    from hashed
    cross join cuts

),

handed as (

    select
        lead_no,
        handover_no,
        missing_fields,
        case kind
            when 'marketing_to_sdr' then 'sdr'
            when 'sdr_to_sales' then 'sales'
            else to_team
        end as team
    from handovers
    where kind <> 'reassigned'

),

numbered_handed as (

    select
        lead_no,
        team,
        least(missing_fields, 3) as missing_fields,
        row_number() over (partition by lead_no, team order by handover_no) as pos
    from handed

),

first_handed as (

    select
        lead_no,
        {% for k in stages %}
        max(case when team = {{ element("$owners", k) }} then missing_fields end)
            as missing_{{ k }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from numbered_handed
    where pos = 1
    group by lead_no

),

described as (

    select
        segments.segment,
        segments.is_folded,
        segments.segment_leads,
        segments.merged_groups,
        placed.fold,
        placed.score_fifth,
        placed.furthest,
        placed.created_at,
        coalesce(keyed.key, 0) as key,
        {% for k in stages %}
        coalesce(first_handed.missing_{{ k }}, 0) as missing_{{ k }}
        {%- if not loop.last %},{% endif %}
        {% endfor %}
    from placed
    left join keyed on placed.lead_no = keyed.lead_no
    left join first_handed on placed.lead_no = first_handed.lead_no
    left join lead_attributes
        on
            placed.lead_no = lead_attributes.lead_no
            and lead_attributes.attribute = $by
    inner join segments on lead_attributes.value is not distinct from segments.value

)

select
    segment,
    is_folded,
    segment_leads,
    merged_groups,
    fold,
    score_fifth,
    furthest,
    {{ double("key") }} as key,
    {% for k in stages %}
    missing_{{ k }},
    {% endfor %}
    count(*) as leads,
    min(created_at) as first_created_at
from described
group by
    segment,
    is_folded,
    segment_leads,
    merged_groups,
    fold,
    score_fifth,
    furthest,
    key{% for k in stages %},
    missing_{{ k }}
    {%- endfor %}
order by
    is_folded,
    segment nulls last,
    key,
    fold,
    score_fifth,
    furthest{% for k in stages %},
    missing_{{ k }}
    {%- endfor %}
