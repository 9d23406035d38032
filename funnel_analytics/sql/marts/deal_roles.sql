-- One row per counted deal, person on its buying side and role of that person. `role` is missing
-- where none is stated for the person. `joined_at`: since when the person has been on the deal, in
-- any role; missing where nobody knows. Who was converted into the deal is there from its creation.
-- params: as_of
create table deal_roles as
with

on_deals as (

    select
        deal_contact.deal,
        deal_contact.lead,
        deal_contact.contact,
        deal_contact.person_key,
        deal_contact.role,
        deal_contact.added_at,
        coalesce(deal.created_at, deal_contact.added_at, deal.closed_at, $as_of) as met_at
    from deal_contact
    left join deal on deal_contact.deal = deal.deal

),

named as (

    select
        on_deals.deal,
        lead_people.person_key,
        on_deals.role,
        on_deals.added_at
    from on_deals
    inner join named_leads
        on
            coalesce(on_deals.lead, on_deals.contact) = named_leads.id
            and coalesce(on_deals.met_at >= named_leads.starts_at, true)
            and coalesce(on_deals.met_at < named_leads.ends_at, true)
            and case
                when on_deals.lead is null then named_leads.in_contact_place
                else named_leads.in_lead_place
            end
    inner join lead_people on named_leads.lead_no = lead_people.lead_no
    union all
    select
        on_deals.deal,
        people.person_key,
        on_deals.role,
        on_deals.added_at
    from on_deals
    inner join people
        on
            on_deals.person_key = people.id
            and people.kind = 'person_key'
    union all
    select
        on_deals.deal,
        people.person_key,
        on_deals.role,
        on_deals.added_at
    from on_deals
    inner join people
        on
            coalesce(on_deals.contact, on_deals.lead) = people.id
            and people.kind = 'contact'

),

converted as (

    select distinct
        event_leads.deal,
        lead_people.person_key,
        deal.created_at
    from event_leads
    inner join lead_people on event_leads.lead_no = lead_people.lead_no
    inner join deal on event_leads.deal = deal.deal
    where event_leads.rule = 'converted'

),

stated as (

    select
        deal_people.deal,
        deal_people.person_key,
        named.role,
        min(coalesce(named.added_at, converted.created_at)) as added_at
    from deal_people
    left join named
        on
            deal_people.deal = named.deal
            and deal_people.person_key = named.person_key
    left join converted
        on
            deal_people.deal = converted.deal
            and deal_people.person_key = converted.person_key
    group by
        deal_people.deal,
        deal_people.person_key,
        named.role

),

judged as (

    select
        deal,
        person_key,
        role,
        min(added_at) over (partition by deal, person_key) as joined_at,
        count(role) over (partition by deal, person_key) as roles
    from stated

)

select
    deal,
    person_key,
    role,
    joined_at
from judged
where
    role is not null
    or roles = 0
order by
    deal,
    person_key,
    role
