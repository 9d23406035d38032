-- One row per lead whose first entry into a stage lies in the period: its account, and when it and
-- its deal were created; `…_by_at` is the last instant that a stamp can mean.
-- params: period_start period_end position timezone
with

{{ credited_leads() }}

select
    credited_leads.conversion_no,
    leads.deal,
    credited_leads.lead_no,
    leads.account,
    account_numbers.account_no,
    leads.origin,
    credited_leads.converted_at,
    credited_leads.converted_by_at,
    {{ double('1') }} as value,
    leads.created_at as lead_created_at,
    case
        when leads.is_day_precision
            then {{ end_of_day('leads.created_at') }}
        else leads.created_at
    end as lead_created_by_at,
    deal.created_at as opportunity_created_at,
    case
        when coalesce(deal.created_at_is_day, false)
            then {{ end_of_day('deal.created_at') }}
        else deal.created_at
    end as opportunity_created_by_at
from credited_leads
inner join leads on credited_leads.lead_no = leads.lead_no
left join account_numbers on leads.account = account_numbers.account
left join deal on leads.deal = deal.deal
order by credited_leads.conversion_no
