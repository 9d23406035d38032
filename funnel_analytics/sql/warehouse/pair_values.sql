-- One row per counted lead: its values of two attributes as one text, a JSON list of both, so that
-- a missing value stays apart from every other.
-- params: pair, first, second
insert into pair_values
with

firsts as (

    select
        lead_no,
        value
    from lead_attributes
    where attribute = $first

),

seconds as (

    select
        lead_no,
        value
    from lead_attributes
    where attribute = $second

)

select
    firsts.lead_no,
    $pair as attribute,
    cast(to_json([firsts.value, seconds.value]) as varchar) as value
from firsts
inner join seconds on firsts.lead_no = seconds.lead_no
