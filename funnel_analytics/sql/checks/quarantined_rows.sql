-- One row: records of the exports of which a row or a value could not be read as the preset says. A
-- file that feeds several tables is read once, and so are its lines.
-- params: none
with

files as (

    select
        file,
        sha256,
        max(rows_read) as file_rows
    from load_log
    group by
        file,
        sha256

),

loads as (

    select distinct
        load_no,
        file,
        sha256
    from load_log

),

faulty as (

    select distinct
        quarantine.file,
        loads.sha256,
        quarantine.line
    from quarantine
    left join loads
        on
            quarantine.load_no = loads.load_no
            and quarantine.file = loads.file

),

first_ones as (

    select distinct
        file,
        line
    from faulty
    order by
        file,
        line
    limit 5

)

select
    (select count(*) from faulty) as offending_rows,
    (select cast(coalesce(sum(file_rows), 0) as bigint) from files) as of_rows,
    (
        select list(struct_pack(file := file, line := line) order by file, line)
        from first_ones
    ) as examples
