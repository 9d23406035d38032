-- One row per free attribute of a lead that a newer export restates: it goes with its lead.
-- params: none
delete from lead_field
where (load_no, source_row) in (
    select
        outdated.load_no,
        outdated.source_row
    from outdated
)
