-- One row per attribute and value with enough leads in a cohort, and one for all other values of
-- the attribute together (`is_rare`): its number in the attribute and the leads that have it.
-- params: cohort_start, cohort_end, minimum_leads
with

{{ numbered_values() }}

kept as (

    select
        attribute,
        attribute_no,
        value_no,
        is_rare,
        case when is_rare then null else value end as value,
        leads
    from numbered_values

)

select
    attribute,
    attribute_no,
    value_no,
    is_rare,
    value,
    sum(leads) as leads
from kept
group by
    attribute,
    attribute_no,
    value_no,
    is_rare,
    value
order by
    attribute_no,
    value_no
