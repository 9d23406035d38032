-- One row per lead whose first entry into a stage lies in the period: its number and its id.
-- params: period_start period_end position
with

{{ credited_leads() }}

select
    credited_leads.lead_no,
    leads.lead
from credited_leads
inner join leads on credited_leads.lead_no = leads.lead_no
order by credited_leads.lead_no
