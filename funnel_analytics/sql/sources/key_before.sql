-- One row: the fingerprint of the key of the warehouse as it was, if it has one, and how many
-- tokens of forgotten people it keeps.
-- params: none
with

known as (

    select max(warehouse_info.value) as fingerprint
    from warehouse_info
    where warehouse_info.key = 'key'

),

tokens as (

    select count(*) as forgotten_tokens
    from forgotten

)

select
    known.fingerprint,
    tokens.forgotten_tokens
from known
cross join tokens
