-- One row per deal won (or, if `$is_pipeline`, created) in the period: its value, account, and when
-- its first lead and itself were created; `…_by_at` is the last instant that a stamp can mean.
-- params: period_start period_end is_pipeline timezone
with

{{ credited_deals() }}

select
    deals_with_leads.conversion_no,
    deals_with_leads.deal,
    deals_with_leads.lead_no,
    deals_with_leads.known_account as account,
    account_numbers.account_no,
    deals_with_leads.origin,
    deals_with_leads.converted_at,
    deals_with_leads.converted_by_at,
    {{ double('deals_with_leads.value') }} as value,
    deals_with_leads.lead_created_at,
    deals_with_leads.lead_created_by_at,
    deals_with_leads.created_at as opportunity_created_at,
    deals_with_leads.created_by_at as opportunity_created_by_at
from deals_with_leads
left join account_numbers on deals_with_leads.known_account = account_numbers.account
order by deals_with_leads.conversion_no
