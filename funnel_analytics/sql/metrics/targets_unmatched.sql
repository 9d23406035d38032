-- One row per dimension with a target in the span of months that no lead has ever had.
-- params: month_from, month_until
with

asked as (

    select distinct dimension
    from targets
    where
        month >= $month_from
        and month < $month_until
        and metric <> 'spend'
        and dimension <> ''

),

lead_dimensions as (

    select distinct concat(attribute, ':', value) as dimension
    from lead_attributes
    where value is not null

)

select asked.dimension
from asked
left join lead_dimensions on asked.dimension = lead_dimensions.dimension
where lead_dimensions.dimension is null
order by asked.dimension
