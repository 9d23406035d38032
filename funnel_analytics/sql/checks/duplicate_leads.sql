-- One row: leads beyond the first of their e-mail address, of the leads that have one; none where
-- the agreement merges them. Each example names the lead to keep.
-- params: none
with

repeated as (

    select
        suggested_survivor,
        leads
    from duplicate_leads
    where not is_merged

),

largest as (

    select *
    from repeated
    order by
        leads desc,
        suggested_survivor asc
    limit 5

),

with_email as (

    select count(lead.email) as leads
    from leads
    inner join lead on leads.lead = lead.lead

)

select
    coalesce((select cast(sum(leads - 1) as bigint) from repeated), 0) as offending_rows,
    (select leads from with_email) as of_rows,
    (
        select
            list(
                struct_pack(id := suggested_survivor, leads := leads)
                order by leads desc, suggested_survivor asc
            )
        from largest
    ) as examples
