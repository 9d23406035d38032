-- One row per month of creation and whole hour of age: the leads of a cohort.
-- params: cohort_start, cohort_end, as_of
select
    lead_attributes.value,
    floor(
        {{ double(
            "greatest(0, " ~ seconds_between("lead_progress.created_at", "$as_of") ~ ")"
        ) }} / 3600
    ) as age_hours,
    count(*) as leads
from lead_progress
inner join lead_attributes on lead_progress.lead_no = lead_attributes.lead_no
where
    lead_progress.created_at >= $cohort_start
    and lead_progress.created_at < $cohort_end
    and lead_attributes.attribute = 'created_month'
group by
    lead_attributes.value,
    age_hours
order by
    lead_attributes.value,
    age_hours
