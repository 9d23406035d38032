-- One row per counted lead: merged leads are one, deleted and test leads are out. A merged lead
-- counts from the creation of its earliest part and keeps a deal of any of its parts; a deleted
-- deal is none. A lead without an account takes that of the contacts it became, where it is one,
-- else (if the agreement wants it) that of its company's web domain, where that is one account's
-- only. `account_by`: which of these rules found it.
-- params: timezone, account_by_domain
create table leads as
with

kept_deals as (

    select
        lead.lead,
        lead.deal
    from lead
    left join deal on lead.deal = deal.deal
    where
        lead.deal is not null
        and not coalesce(deal.is_deleted, false)

),

merged as (

    select
        survivors.survivor,
        min(lead.created_at) as created_at,
        arg_min(lead.created_at_is_day, lead.created_at) as is_day_precision,
        min(kept_deals.deal) as deal
    from survivors
    inner join lead on survivors.lead = lead.lead
    left join kept_deals on lead.lead = kept_deals.lead
    group by survivors.survivor

),

contact_accounts as (

    select
        contact_leads.survivor,
        min(contact.account) as account
    from contact_leads
    inner join contact on contact_leads.contact = contact.contact
    where
        contact_leads.is_by_ids
        and contact.account is not null
    group by contact_leads.survivor
    having count(distinct contact.account) = 1

),

domain_accounts as (

    select
        domain,
        min(account) as account
    from account
    where
        $account_by_domain
        and domain is not null
    group by domain
    having count(distinct account) = 1

)

select
    cast(row_number() over (order by lead.lead) as integer) as lead_no,
    lead.lead,
    lead.person_key,
    coalesce(lead.account, contact_accounts.account, domain_accounts.account) as account,
    case
        when lead.account is not null then 'lead'
        when contact_accounts.account is not null then 'contact'
        when domain_accounts.account is not null then 'domain'
    end as account_by,
    merged.created_at,
    cast(timezone($timezone, timezone('UTC', merged.created_at)) as date) as created_on,
    coalesce(merged.is_day_precision, false) as is_day_precision,
    lead.origin,
    lead.channel,
    lead.campaign,
    lead.owner,
    lead.status,
    coalesce(kept_deals.deal, merged.deal) as deal
from merged
inner join lead on merged.survivor = lead.lead
left join kept_deals on lead.lead = kept_deals.lead
left join contact_accounts on lead.lead = contact_accounts.survivor
left join domain_accounts on lead.domain = domain_accounts.domain
where
    not coalesce(lead.is_deleted, false)
    and not coalesce(lead.is_test, false)
order by lead.lead
