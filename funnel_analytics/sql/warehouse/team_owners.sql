-- One row: how much the names of teams in hand-overs, other than those of `$teams`, tell of single
-- owners of leads. A name is one owner's if at least 90 % of the leads handed over by or to it are,
-- and it has so many that a table shows it. Leads without an owner do not count.
-- params: teams, smallest
with

named as (

    select
        lead_no,
        from_team as team
    from handovers
    where from_team is not null
    union
    select
        lead_no,
        to_team as team
    from handovers
    where to_team is not null

),

held as (

    select
        named.lead_no,
        named.team as value,
        leads.owner
    from named
    inner join leads on named.lead_no = leads.lead_no
    where
        leads.owner is not null
        and not list_contains($teams, named.team)

),

{{ sole_owners() }}

select
    (select count(distinct owner) from held) as owners,
    (select count(distinct owner) from sole) as sole_owners,
    (select count(*) from held) as leads,
    (select coalesce(sum(value_leads), 0) from sole) as sole_leads,
    (select coalesce(max(owner_leads), 0) from sole) as most_leads
