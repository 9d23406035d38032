-- One row per lead just loaded: its value of one free attribute.
-- params: attribute, load_no and those of the expressions
insert into lead_field (lead, attribute, value, load_no, source_row)
select
    lead.lead,
    $attribute as attribute,
    {{ value }} as value,
    $load_no as load_no,
    staged.line as source_row
from staged
inner join lead
    on
        lead.load_no = $load_no
        and lead.source_row = staged.line
