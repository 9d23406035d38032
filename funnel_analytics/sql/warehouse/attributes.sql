-- One row per attribute that leads can be split by.
-- params: none
select
    attribute,
    leads_with_value,
    distinct_values
from attributes
order by attribute
