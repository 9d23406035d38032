-- One row: the day on which the first loaded lead was created, counted or not, in the agreement's
-- zone, and how many leads count.
-- params: timezone
with

counted as (

    select count(*) as leads
    from leads

),

loaded as (

    select min(created_at) as first_created_at
    from lead

)

select
    cast(timezone($timezone, timezone('UTC', loaded.first_created_at)) as date)
        as first_created_on,
    counted.leads
from loaded
cross join counted
