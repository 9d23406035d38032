-- One row: totals that an export states itself and that cannot be read, or differ from the sum of
-- its rows by more than rounding: half a unit. Rates and probabilities do not add up and are left
-- out.
-- params: none
with

files as (

    select distinct
        load_no,
        file
    from load_log

),

judged as (

    select
        files.file,
        stated_total.line,
        stated_total.column_name,
        stated_total.unread,
        stated_total.stated,
        coalesce(stated_total.added_up, 0) as added_up,
        stated_total.stated is null
        or abs(stated_total.stated - coalesce(stated_total.added_up, 0)) > 0.5 as is_offending
    from stated_total
    inner join files on stated_total.load_no = files.load_no
    where stated_total.column_name not in ('probability', 'rate')

),

first_ones as (

    select *
    from judged
    where is_offending
    order by
        file,
        line,
        column_name
    limit 5

)

select
    (select count(*) filter (is_offending) from judged) as offending_rows,
    (select count(*) from judged) as of_rows,
    (
        select
            list(
                struct_pack(
                    file := file,
                    field := column_name,
                    stated := stated,
                    unread := unread,
                    added_up := added_up
                )
                order by file, line, column_name
            )
        from first_ones
    ) as examples
