-- One row: rows of the exports that repeat another row to the letter and count once.
-- params: none
with

repeated as (

    select
        file,
        cast(sum(rows_duplicate) as bigint) as file_rows
    from load_log
    group by file
    having sum(rows_duplicate) > 0

),

largest as (

    select *
    from repeated
    order by
        file_rows desc,
        file asc
    limit 5

)

select
    (select cast(coalesce(sum(file_rows), 0) as bigint) from repeated) as offending_rows,
    (select cast(coalesce(sum(rows_read), 0) as bigint) from load_log) as of_rows,
    (
        select
            list(
                struct_pack(file := file, found_rows := file_rows)
                order by file_rows desc, file asc
            )
        from largest
    ) as examples
