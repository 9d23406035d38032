-- One row per lead that has been in its stage (but the last) for longer than agreed: its id as
-- stored, the value of the split, and for how long.
-- params: by, as_of
with

present as (

    select
        stage_stays.lead_no,
        stage_stays.position,
        agreed_stages.stage,
        {{ double(seconds_between("stage_stays.entered_at", "$as_of")) }} / 86400 as age_days,
        agreed_stages.expected_days
    from stage_stays
    inner join agreed_stages on stage_stays.position = agreed_stages.position
    where
        stage_stays.left_at is null
        and stage_stays.position < {{ stages[-1] }}

)

select
    leads.lead,
    lead_attributes.value as segment,
    present.position,
    present.stage,
    present.age_days,
    present.age_days - present.expected_days as over_days
from present
inner join leads on present.lead_no = leads.lead_no
left join lead_attributes
    on
        present.lead_no = lead_attributes.lead_no
        and lead_attributes.attribute = $by
where present.age_days > present.expected_days
order by
    over_days desc,
    leads.lead asc
