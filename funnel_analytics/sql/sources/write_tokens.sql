-- One row per identity of the person by which a later load knows it again.
-- params: is_plain, inner_block, outer_block, forgotten_on
insert into forgotten by name
with

tokens as (

    select distinct
        forget_token(kind, id, $is_plain, $inner_block, $outer_block) as token,
        coalesce($forgotten_on, (select max(earlier.forgotten_on) from forgotten as earlier))
            as forgotten_on
    from person_ids

)

select
    tokens.token,
    tokens.forgotten_on,
    cast(null as varchar) as table_name,
    cast(0 as bigint) as rows_removed
from tokens
where tokens.token not in (select earlier.token from forgotten as earlier)
