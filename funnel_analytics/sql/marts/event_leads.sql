-- One row per deal and counted lead that events belong to which name the deal alone: every lead
-- that was converted into it, else one lead of its primary contact, else one of its other contacts
-- (`rule`: 'converted', 'primary_contact', 'contact'). Of several, it is the one whose own record
-- says what became of the deal: the one that was lost where the deal was, else the one that got
-- furthest (a won one furthest of all), else the one created first; `choices` is how many there
-- were. A contact's lead takes part if it was there on the day the deal was created, and not in
-- expansions and renewals, which come from no lead unless one was converted into them. Deleted
-- deals have no events.
-- params: timezone, as_of
create table event_leads as
with

deleted as (

    select deal
    from deal
    where is_deleted

),

converted as (

    select distinct
        lead.deal,
        leads.lead_no
    from lead
    inner join lead_survivors on lead.lead = lead_survivors.lead
    inner join leads on lead_survivors.survivor = leads.lead
    where lead.deal is not null

),

unconverted as (

    select
        deal_contact.deal,
        coalesce(deal_contact.is_primary, false) as is_primary,
        coalesce(deal_contact.lead, deal_contact.contact) as id,
        deal_contact.lead is not null as is_in_lead_place,
        not deal.is_won and deal.closed_at is not null as is_lost,
        cast(timezone($timezone, timezone('UTC', deal.created_at)) as date) as created_on,
        coalesce(deal.created_at, deal_contact.added_at, deal.closed_at, $as_of) as met_at
    from deal_contact
    left join deal on deal_contact.deal = deal.deal
    left join converted on deal_contact.deal = converted.deal
    where
        converted.deal is null
        and coalesce(deal.kind, 'new') not in ('expansion', 'renewal')

),

candidates as (

    select
        unconverted.deal,
        leads.lead_no,
        leads.created_at,
        coalesce(bool_or(unconverted.is_lost), false) as is_lost,
        bool_or(unconverted.is_primary) as is_primary
    from unconverted
    inner join named_leads
        on
            unconverted.id = named_leads.id
            and coalesce(unconverted.met_at >= named_leads.starts_at, true)
            and coalesce(unconverted.met_at < named_leads.ends_at, true)
            and case
                when unconverted.is_in_lead_place then named_leads.in_lead_place
                else named_leads.in_contact_place
            end
    inner join leads on named_leads.lead_no = leads.lead_no
    where coalesce(leads.created_on <= unconverted.created_on, true)
    group by
        unconverted.deal,
        leads.lead_no,
        leads.created_at

),

placed as (

    select
        candidates.deal,
        candidates.lead_no,
        candidates.is_primary,
        count(*) over (partition by candidates.deal, candidates.is_primary) as choices,
        row_number() over (
            partition by candidates.deal
            order by
                candidates.is_primary desc,
                candidates.is_lost and coalesce(own_progress.is_lost, false) desc,
                coalesce(own_progress.position, 0) desc,
                candidates.created_at asc,
                candidates.lead_no asc
        ) as place
    from candidates
    left join own_progress on candidates.lead_no = own_progress.lead_no

),

every as (

    select
        deal,
        lead_no,
        'converted' as rule,
        1 as choices
    from converted
    union all
    select
        deal,
        lead_no,
        case when is_primary then 'primary_contact' else 'contact' end as rule,
        choices
    from placed
    where place = 1

)

select
    every.deal,
    every.lead_no,
    every.rule,
    every.choices
from every
left join deleted on every.deal = deleted.deal
where deleted.deal is null
order by
    every.deal,
    every.lead_no
