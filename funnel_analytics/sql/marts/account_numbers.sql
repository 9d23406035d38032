-- One row per account that a lead, deal, contact or touch names, with a number for fast joins.
-- params: none
create table account_numbers as
with

named as (

    select account from leads
    union
    select account from deal
    union
    select account from contact
    union
    select account from touch

)

select
    account,
    cast(row_number() over (order by account) as integer) as account_no
from named
where account is not null
