-- One row per company domain, of accounts, and system of leads: the account that the domain means
-- there. It is the one account of the domain in the leads' own system; where that has none, the one
-- of another system (of several such systems the first by name). Where each has several, `account`
-- is missing.
-- params: account_by_domain
create or replace temp table domain_accounts as
with

by_system as (

    select
        domain,
        left(account, strpos(account, ':')) as system,
        min(account) as account,
        count(distinct account) = 1 as is_one
    from account
    where
        $account_by_domain
        and domain is not null
    group by
        domain,
        system

),

wanted as (

    select distinct
        domain,
        left(lead, strpos(lead, ':')) as system
    from lead
    where domain is not null

)

select
    wanted.domain,
    wanted.system,
    case
        when bool_or(by_system.system = wanted.system)
            then min(by_system.account) filter (
                by_system.is_one and by_system.system = wanted.system
            )
        else arg_min(by_system.account, by_system.system) filter (by_system.is_one)
    end as account
from wanted
inner join by_system on wanted.domain = by_system.domain
group by
    wanted.domain,
    wanted.system
