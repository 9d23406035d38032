-- One row: how much the values of an attribute tell of single owners. A value is one owner's if at
-- least 90 % of its leads are, and so many have it that a split shows it. Leads without an owner or
-- a value do not count.
-- params: attribute, smallest
with

held as (

    select
        leads.lead_no,
        leads.owner,
        lead_attributes.value
    from leads
    inner join lead_attributes on leads.lead_no = lead_attributes.lead_no
    where
        lead_attributes.attribute = $attribute
        and lead_attributes.value is not null
        and leads.owner is not null

),

{{ sole_owners() }}

select
    (select count(distinct owner) from held) as owners,
    (select count(distinct owner) from sole) as sole_owners,
    (select count(*) from held) as leads,
    (select coalesce(sum(value_leads), 0) from sole) as sole_leads,
    (select coalesce(max(owner_leads), 0) from sole) as most_leads
