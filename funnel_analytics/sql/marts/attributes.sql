-- One row per attribute that leads can be split by: how many leads have a value, how many values.
-- params: none
create table attributes as
select
    attribute,
    count(value) as leads_with_value,
    count(distinct value) as distinct_values
from lead_attributes
group by attribute
order by attribute
