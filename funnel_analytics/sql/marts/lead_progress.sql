-- One row per counted lead: the furthest stage it reached, its first recorded entry into each stage
-- (`entered_k`, and `earliest_k` and `latest_k`, the first and the last instant that this stamp can
-- mean), and the first instant it was in that stage or a later one (`reached_k`). `is_in_order`:
-- its first entries into the stages lie in the order of the stages, none of the later ones before
-- its creation.
-- params: none
create table lead_progress as
with

firsts as (

    select
        lead_no,
        max(position) as furthest,
        {% for k in stages %}
        min(case when position = {{ k }} then entered_at end) as entered_{{ k }}
        {%- if not loop.last %},{% endif %}
        {% endfor %}
    from stage_entries
    group by lead_no

),

-- Of the entries whose stamp can mean several instants, the first into each stage.
vague as (

    select
        lead_no,
        {% for k in stages %}
        min(case when position = {{ k }} then entered_at end) as entered_{{ k }},
        arg_min(earliest_at, entered_at) filter (where position = {{ k }}) as earliest_{{ k }},
        arg_min(latest_at, entered_at) filter (where position = {{ k }}) as latest_{{ k }}
        {%- if not loop.last %},{% endif %}
        {% endfor %}
    from stage_entries
    where
        earliest_at <> entered_at
        or latest_at <> entered_at
    group by lead_no

)

select
    firsts.lead_no,
    leads.created_at,
    leads.created_on,
    firsts.furthest,
    {% for k in stages if k > 1 %}
    coalesce(
        firsts.entered_{{ k }} >= greatest(
            leads.created_at
            {%- for earlier in stages if earlier < k %}, firsts.entered_{{ earlier }}{% endfor %}
        ),
        true
    )
    {% if not loop.last %}and{% endif %}
    {% endfor %}
        as is_in_order,
    {% for k in stages %}
    firsts.entered_{{ k }},
    case
        when vague.entered_{{ k }} = firsts.entered_{{ k }} then vague.earliest_{{ k }}
        else firsts.entered_{{ k }}
    end as earliest_{{ k }},
    case
        when vague.entered_{{ k }} = firsts.entered_{{ k }} then vague.latest_{{ k }}
        else firsts.entered_{{ k }}
    end as latest_{{ k }},
    {% endfor %}
    {% for k in stages %}
    least(
        {%- for later in stages if later >= k %}
        firsts.entered_{{ later }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    ) as reached_{{ k }}{% if not loop.last %},{% endif %}
    {% endfor %}
from firsts
inner join leads on firsts.lead_no = leads.lead_no
left join vague on firsts.lead_no = vague.lead_no
order by firsts.lead_no
