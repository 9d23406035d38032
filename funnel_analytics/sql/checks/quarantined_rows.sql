-- One row: rows and values of the exports that could not be read as the preset says.
-- params: none
with

first_places as (

    select file || ' line ' || line as place
    from quarantine
    order by file, line
    limit 5

)

select
    (select count(*) from quarantine) as offending_rows,
    (select cast(coalesce(sum(rows_read), 0) as bigint) from load_log) as of_rows,
    (select string_agg(place, ', ' order by place) from first_places) as examples
