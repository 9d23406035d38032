-- One row per row taken out: its load. Rows of an id that are alike in every column are one.
-- params: none
delete from {{ table }}
where rowid in (
    with

    repeated as (

        select
            {% for each in key %}
            {{ each }}{% if not loop.last %},{% endif %}
            {% endfor %}
        from {{ table }}
        where {{ key[0] }} is not null
        group by all
        having count(*) > 1

    ),

    alike as (

        select distinct {{ key[0] }} as id from repeated

    ),

    numbered as (

        select
            doubtful.rowid as row_id,
            row_number() over (
                partition by
                    {% for each in columns %}
                    doubtful."{{ each }}"{% if not loop.last %},{% endif %}
                    {% endfor %}
                order by doubtful.load_no, doubtful.source_row
            ) as copy_no
        from {{ table }} as doubtful
        inner join alike on doubtful.{{ key[0] }} = alike.id

    )

    select numbered.row_id from numbered
    where numbered.copy_no > 1
)
returning load_no
