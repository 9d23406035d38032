-- One row per lead just loaded: its value of one free attribute.
-- params: attribute, load_no
insert into lead_field (lead, attribute, value, load_no, source_row)
select
    lead.lead,
    $attribute as attribute,
    parsed.v{{ number }} as value,
    $load_no as load_no,
    parsed.line as source_row
from parsed
inner join lead
    on
        lead.load_no = $load_no
        and lead.source_row = parsed.line
