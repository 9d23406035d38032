-- One row per pass of a counted lead that has several: like `lead_progress`, from the stays of
-- this pass alone. `is_added`: nobody recorded an entry into the first stage in it; it then has one
-- at its start.
-- params: none
create table pass_progress as
with

returned as (

    select
        lead_no,
        max(pass_no) as last_pass
    from lead_passes
    group by lead_no
    having max(pass_no) > 1

),

firsts as (

    select
        stage_stays.lead_no,
        stage_stays.pass_no,
        max(stage_stays.position) as furthest,
        {% for k in stages %}
        min(case when stage_stays.position = {{ k }} then stage_stays.entered_at end)
            as entered_{{ k }}
        {%- if not loop.last %},{% endif %}
        {% endfor %}
    from stage_stays
    inner join returned on stage_stays.lead_no = returned.lead_no
    group by
        stage_stays.lead_no,
        stage_stays.pass_no

),

begun as (

    select
        lead_passes.lead_no,
        lead_passes.pass_no,
        lead_passes.pass_no = returned.last_pass as is_last,
        lead_passes.starts_at,
        coalesce(firsts.furthest, 1) as furthest,
        firsts.entered_1 is null as is_added,
        coalesce(firsts.entered_1, lead_passes.starts_at) as entered_1
        {%- for k in stages if k > 1 %},
        firsts.entered_{{ k }}
        {%- endfor %}
    from lead_passes
    inner join returned on lead_passes.lead_no = returned.lead_no
    left join firsts
        on
            lead_passes.lead_no = firsts.lead_no
            and lead_passes.pass_no = firsts.pass_no

)

select
    begun.lead_no,
    begun.pass_no,
    begun.is_last,
    begun.is_added,
    leads.created_at,
    leads.created_on,
    begun.starts_at,
    begun.furthest,
    {% for k in stages if k > 1 %}
    coalesce(
        begun.entered_{{ k }} >= greatest(
            begun.starts_at
            {%- for earlier in stages if earlier < k %}, begun.entered_{{ earlier }}{% endfor %}
        ),
        true
    )
    {% if not loop.last %}and{% endif %}
    {% endfor %}
        as is_in_order,
    {% for k in stages %}
    begun.entered_{{ k }},
    {% endfor %}
    {% for k in stages %}
    least(
        {%- for later in stages if later >= k %}
        begun.entered_{{ later }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    ) as reached_{{ k }}{% if not loop.last %},{% endif %}
    {% endfor %}
from begun
inner join leads on begun.lead_no = leads.lead_no
order by
    begun.lead_no,
    begun.pass_no
