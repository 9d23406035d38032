-- One row per counted lead and attribute it can be split by, pairs of attributes included.
-- params: none
create temp view lead_attributes as
select
    lead_no,
    attribute,
    value
from {{ catalog }}.main.lead_attributes
union all
select
    lead_no,
    attribute,
    value
from pair_values
