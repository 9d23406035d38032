-- One row per value that counted leads have of one attribute.
-- params: by
select distinct value
from lead_attributes
where
    attribute = $by
    and value is not null
order by value
