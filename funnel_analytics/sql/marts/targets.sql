-- One row per month, metric and dimension with an agreed value; no dimension is ''. Sums of money
-- are taken in order, so that their last digits do not hang on the order of the rows.
-- params: none
create table targets as
select
    cast(date_trunc('month', month) as date) as month,
    metric,
    coalesce(dimension, '') as dimension,
    sum(value order by value) as value
from target
group by all
order by all
