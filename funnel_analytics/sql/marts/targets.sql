-- One row per month, metric and dimension with an agreed value; no dimension is ''.
-- params: none
create table targets as
select
    cast(date_trunc('month', month) as date) as month,
    metric,
    coalesce(dimension, '') as dimension,
    sum(value) as value
from target
group by all
order by all
