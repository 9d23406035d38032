-- One row per row of totals under one rule: those with a label, and records that are one since
-- they lack what the rule says.
-- params: those of the expressions
create or replace temp table total_rows as
select *
from staged_totals
{% if total %}
union all
select *
from staged
where {{ total }}
{% endif %}
