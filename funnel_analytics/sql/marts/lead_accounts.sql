-- One row per lead that stays after merges and whose account is known: its own or that of its first
-- part with one, else that of the contacts it became, where it is one in their system, else (if the
-- agreement wants it) the one that the company's web domain means. `account_by`: which of these
-- rules found it. The lead's own system comes before others.
-- params: none
create or replace temp table lead_accounts as
with

own as (

    select
        lead_parts.survivor,
        arg_min(lead.account, lead_parts.place) as account
    from lead_parts
    inner join lead on lead_parts.lead = lead.lead
    where lead.account is not null
    group by lead_parts.survivor

),

contact_accounts as (

    select
        contact_leads.survivor,
        left(contact.account, strpos(contact.account, ':')) as system,
        min(contact.account) as account
    from contact_leads
    inner join contact on contact_leads.contact = contact.contact
    where
        contact_leads.is_by_ids
        and contact.account is not null
    group by
        contact_leads.survivor,
        system
    having count(distinct contact.account) = 1

),

of_contacts as (

    select
        survivor,
        account
    from contact_accounts
    qualify
        row_number() over (
            partition by survivor
            order by left(survivor, strpos(survivor, ':')) <> system, system
        ) = 1

),

of_domains as (

    select
        lead_parts.survivor,
        arg_min(domain_accounts.account, lead_parts.place) as account
    from lead_parts
    inner join lead on lead_parts.lead = lead.lead
    inner join domain_accounts
        on
            lead.domain = domain_accounts.domain
            and left(lead.lead, strpos(lead.lead, ':')) = domain_accounts.system
    where domain_accounts.account is not null
    group by lead_parts.survivor

),

every as (

    select
        lead_parts.survivor,
        own.account as own_account,
        of_contacts.account as contact_account,
        of_domains.account as domain_account
    from lead_parts
    left join own on lead_parts.survivor = own.survivor
    left join of_contacts on lead_parts.survivor = of_contacts.survivor
    left join of_domains on lead_parts.survivor = of_domains.survivor
    where lead_parts.place = 1

)

select
    survivor,
    coalesce(own_account, contact_account, domain_account) as account,
    case
        when own_account is not null then 'lead'
        when contact_account is not null then 'contact'
        else 'domain'
    end as account_by
from every
where coalesce(own_account, contact_account, domain_account) is not null
