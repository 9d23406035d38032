-- One row per segment, stage (but the last) and length of stay in seconds: the leads of a cohort
-- whose first stay in the stage ended so, by what ended it, and those still in it. Of leads whose
-- first entries are in order, the first one into a later stage moves them on, so that only repeated
-- entries are looked at beside it; of the others all are. The rows come in no order: there may be
-- one for every second, and whoever reads them sorts them anyway.
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

numbered as (

    select
        value,
        segment,
        is_folded,
        segment_leads,
        merged_groups,
        dense_rank() over (
            order by
                segment asc nulls last,
                is_folded asc
        ) as segment_no
    from segments

),

named_segments as (

    select distinct
        segment_no,
        segment,
        is_folded,
        segment_leads,
        merged_groups
    from numbered

),

begun as (

    select
        lead_progress.lead_no,
        lead_progress.is_in_order,
        numbered.segment_no
        {%- for k in stages[:-1] %},
        lead_progress.entered_{{ k }},
        lead_progress.reached_{{ k + 1 }}
        {%- endfor %}
    from lead_progress
    left join lead_attributes
        on
            lead_progress.lead_no = lead_attributes.lead_no
            and lead_attributes.attribute = $by
    inner join numbered on lead_attributes.value is not distinct from numbered.value
    where
        lead_progress.created_at >= $cohort_start
        and lead_progress.created_at < $cohort_end

),

searched as (

    select
        stage_entries.lead_no,
        stage_entries.position,
        stage_entries.entered_at,
        stage_entries.earliest_at,
        stage_entries.latest_at,
        stage_entries.is_added
    from stage_entries
    inner join begun on stage_entries.lead_no = begun.lead_no
    where
        not begun.is_in_order
        or stage_entries.entered_at > case stage_entries.position
            {%- for k in stages[:-1] %}
            when {{ k }} then begun.entered_{{ k }}
            {%- endfor %}
        end

),

moves as (

    select
        searched.lead_no
        {%- for k in stages[:-1] %},
        min(
            case
                when
                    searched.position > {{ k }}
                    and searched.latest_at >= lead_progress.earliest_{{ k }}
                    then greatest(searched.entered_at, lead_progress.entered_{{ k }})
            end
        ) as moved_on_{{ k }},
        min(
            case
                when
                    searched.position < {{ k }}
                    and searched.earliest_at > lead_progress.latest_{{ k }}
                    and not searched.is_added
                    then searched.entered_at
            end
        ) as moved_back_{{ k }}
        {%- endfor %}
    from searched
    inner join lead_progress on searched.lead_no = lead_progress.lead_no
    group by searched.lead_no

),

closes as (

    select
        closures.lead_no
        {%- for k in stages[:-1] %},
        min(
            case
                when closures.latest_at >= lead_progress.earliest_{{ k }}
                    then greatest(closures.closed_at, lead_progress.entered_{{ k }})
            end
        ) as closed_{{ k }}
        {%- endfor %}
    from closures
    inner join lead_progress on closures.lead_no = lead_progress.lead_no
    group by closures.lead_no

),

ends as (

    select
        begun.segment_no
        {%- for k in stages[:-1] %},
        begun.entered_{{ k }},
        case
            when begun.is_in_order then begun.reached_{{ k + 1 }}
            else moves.moved_on_{{ k }}
        end as moved_on_{{ k }},
        moves.moved_back_{{ k }},
        closes.closed_{{ k }}
        {%- endfor %}
    from begun
    left join moves on begun.lead_no = moves.lead_no
    left join closes on begun.lead_no = closes.lead_no

),

timed as (

    select
        segment_no
        {%- for k in stages[:-1] %},
        {% set ended_at = "least(moved_on_" ~ k ~ ", closed_" ~ k ~ ", moved_back_" ~ k ~ ")" -%}
        greatest(
            0,
            {{ seconds_between("entered_" ~ k, "coalesce(" ~ ended_at ~ ", $as_of)") }}
        ) as seconds_{{ k }},
        case
            when entered_{{ k }} is null then null
            when {{ ended_at }} is null then 'open'
            when moved_on_{{ k }} = {{ ended_at }} then 'moved_on'
            when closed_{{ k }} = {{ ended_at }} then 'closed'
            when moved_back_{{ k }} = {{ ended_at }} then 'moved_back'
        end as ending_{{ k }}
        {%- endfor %}
    from ends

),

named as (

    {% for k in stages[:-1] %}
    select
        segment_no,
        {{ k }} as position,
        seconds_{{ k }} as seconds,
        ending_{{ k }} as ending
    from timed
    where ending_{{ k }} is not null
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}

),

counted as (

    select
        segment_no,
        position,
        seconds,
        count(case when ending = 'moved_on' then 1 end) as moved_on_leads,
        count(case when ending = 'moved_back' then 1 end) as moved_back_leads,
        count(case when ending = 'closed' then 1 end) as closed_leads,
        count(case when ending = 'open' then 1 end) as open_leads
    from named
    group by
        segment_no,
        position,
        seconds

)

select
    named_segments.segment,
    named_segments.is_folded,
    counted.position,
    counted.seconds,
    named_segments.segment_leads,
    named_segments.merged_groups,
    counted.moved_on_leads,
    counted.moved_back_leads,
    counted.closed_leads,
    counted.open_leads
from counted
inner join named_segments on counted.segment_no = named_segments.segment_no
