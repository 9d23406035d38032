-- One row per counted lead and attribute it can be split by; a missing value stays missing. An
-- attribute that no lead has a value for is left out. A merged lead has the free attributes of the
-- first of its parts with a value.
-- params: none
create table lead_attributes as
with

wide as (

    select
        leads.lead_no,
        leads.origin,
        leads.channel,
        leads.campaign,
        leads.priority,
        account.segment,
        account.industry,
        account.country,
        account.region,
        strftime(leads.created_on, '%Y-%m') as created_month,
        strftime(leads.created_on, '%Y') || '-Q' || quarter(leads.created_on) as created_quarter
    from leads
    left join account on leads.account = account.account

),

-- One attribute after the other, as the rows are stored.
fixed as (

    select
        lead_no,
        'origin' as attribute,
        origin as value
    from wide
    union all
    select
        lead_no,
        'channel' as attribute,
        channel as value
    from wide
    union all
    select
        lead_no,
        'campaign' as attribute,
        campaign as value
    from wide
    union all
    select
        lead_no,
        'priority' as attribute,
        priority as value
    from wide
    union all
    select
        lead_no,
        'segment' as attribute,
        segment as value
    from wide
    union all
    select
        lead_no,
        'industry' as attribute,
        industry as value
    from wide
    union all
    select
        lead_no,
        'country' as attribute,
        country as value
    from wide
    union all
    select
        lead_no,
        'region' as attribute,
        region as value
    from wide
    union all
    select
        lead_no,
        'created_month' as attribute,
        created_month as value
    from wide
    union all
    select
        lead_no,
        'created_quarter' as attribute,
        created_quarter as value
    from wide

),

free_names as (

    select distinct attribute from lead_field

),

free_values as (

    select
        lead_parts.survivor,
        lead_field.attribute,
        arg_min(lead_field.value, lead_parts.place) as value
    from lead_field
    inner join lead_parts on lead_field.lead = lead_parts.lead
    where lead_field.value is not null
    group by
        lead_parts.survivor,
        lead_field.attribute

),

free as (

    select
        leads.lead_no,
        free_names.attribute,
        free_values.value
    from leads
    cross join free_names
    left join free_values
        on
            leads.lead = free_values.survivor
            and free_names.attribute = free_values.attribute

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
