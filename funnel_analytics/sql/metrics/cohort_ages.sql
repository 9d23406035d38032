-- One row per value of an attribute and whole day of age: the leads of a cohort.
-- params: cohort_start, cohort_end, by, as_of
select
    lead_attributes.value,
    floor(
        {{ double(
            "greatest(0, " ~ seconds_between("lead_progress.created_at", "$as_of") ~ ")"
        ) }} / 86400
    ) as age_days,
    count(*) as leads
from lead_progress
left join lead_attributes
    on
        lead_progress.lead_no = lead_attributes.lead_no
        and lead_attributes.attribute = $by
where
    lead_progress.created_at >= $cohort_start
    and lead_progress.created_at < $cohort_end
group by
    lead_attributes.value,
    age_days
order by
    lead_attributes.value,
    age_days
