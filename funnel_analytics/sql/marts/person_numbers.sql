-- One row per person that an id of the exports belongs to, with a number for fast joins.
-- params: none
create table person_numbers as
with

persons as (

    select distinct person_key
    from people

)

select
    person_key,
    cast(row_number() over (order by person_key) as integer) as person_no
from persons
