-- One row per counted lead and attribute it can be split by; a missing value stays missing. An
-- attribute that no lead has a value for is left out.
-- params: none
create table lead_attributes as
with

wide as (

    select
        leads.lead_no,
        leads.origin,
        leads.channel,
        leads.campaign,
        account.segment,
        account.industry,
        account.country,
        account.region,
        strftime(leads.created_on, '%Y-%m') as created_month,
        strftime(leads.created_on, '%Y') || '-Q' || quarter(leads.created_on) as created_quarter
    from leads
    left join account on leads.account = account.account

),

fixed as (

    select
        lead_no,
        attribute,
        value
    from wide
    unpivot include nulls (
        value for attribute in (
            origin,
            channel,
            campaign,
            segment,
            industry,
            country,
            region,
            created_month,
            created_quarter
        )
    )

),

free_names as (

    select distinct attribute from lead_field

),

free as (

    select
        leads.lead_no,
        free_names.attribute,
        lead_field.value
    from leads
    cross join free_names
    left join lead_field
        on
            leads.lead = lead_field.lead
            and free_names.attribute = lead_field.attribute

),

every as (

    select
        lead_no,
        attribute,
        value
    from fixed
    union all
    select
        lead_no,
        attribute,
        value
    from free

),

used as (

    select attribute
    from every
    group by attribute
    having count(value) > 0

)

select
    every.lead_no,
    every.attribute,
    every.value
from every
inner join used on every.attribute = used.attribute
order by every.attribute, every.lead_no
