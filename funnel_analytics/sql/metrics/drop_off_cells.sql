-- One row per combination of the values of the attributes, owner (by number, 0 without one) and
-- furthest stage: the leads of a cohort and the first creation among them. The combination is the
-- numbers of the values, each times the factor of its attribute, summed in four keys; an attribute
-- with factor 0 is not asked for.
-- params: cohort_start, cohort_end, minimum_leads, factors_1, factors_2, factors_3, factors_4
with

{{ numbered_values() }}

parts as (

    select
        attribute,
        value,
        value_no * {{ element("$factors_1", "attribute_no") }} as part_1,
        value_no * {{ element("$factors_2", "attribute_no") }} as part_2,
        value_no * {{ element("$factors_3", "attribute_no") }} as part_3,
        value_no * {{ element("$factors_4", "attribute_no") }} as part_4
    from numbered_values

),

keyed as (

    select
        lead_attributes.lead_no,
        sum(parts.part_1) as key_1,
        sum(parts.part_2) as key_2,
        sum(parts.part_3) as key_3,
        sum(parts.part_4) as key_4
    from lead_attributes
    inner join parts
        on
            lead_attributes.attribute = parts.attribute
            and lead_attributes.value is not distinct from parts.value
    group by lead_attributes.lead_no

),

owners as (

    select
        owner,
        row_number() over (order by owner) as owner_no
    from leads
    where owner is not null
    group by owner

)

select
    {{ double("keyed.key_1") }} as key_1,
    {{ double("keyed.key_2") }} as key_2,
    {{ double("keyed.key_3") }} as key_3,
    {{ double("keyed.key_4") }} as key_4,
    coalesce(owners.owner_no, 0) as owner_no,
    lead_progress.furthest,
    count(*) as leads,
    min(lead_progress.created_at) as first_created_at
from lead_progress
inner join keyed on lead_progress.lead_no = keyed.lead_no
inner join leads on lead_progress.lead_no = leads.lead_no
left join owners on leads.owner = owners.owner
where
    lead_progress.created_at >= $cohort_start
    and lead_progress.created_at < $cohort_end
group by
    keyed.key_1,
    keyed.key_2,
    keyed.key_3,
    keyed.key_4,
    owners.owner_no,
    lead_progress.furthest
order by
    key_1,
    key_2,
    key_3,
    key_4,
    owner_no,
    lead_progress.furthest
