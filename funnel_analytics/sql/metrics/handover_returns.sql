-- One row per segment and number of returns: the leads handed over in the period, and which of them
-- entered a later stage than before, or the last one, after their last hand-over of the period.
-- `watched_seconds` is the sum of the time from that hand-over to `$as_of`.
-- params: period_start, period_end, by, minimum_group_size, folded, as_of
with

present as (

    select
        lead_no,
        max(handed_at) as handed_at,
        count(case when is_return then 1 end) as returns
    from handovers
    where
        handed_at >= $period_start
        and handed_at < $period_end
    group by lead_no

),

{{ present_segments() }}

followed as (

    select
        present.lead_no,
        present.returns,
        {{ seconds_between('present.handed_at', '$as_of') }} as watched_seconds,
        lead_progress.furthest = {{ stages | last }} as is_at_end,
        case
            {%- for k in stages %}
            when lead_progress.furthest = {{ k }}
                then lead_progress.latest_{{ k }} > present.handed_at
            {%- endfor %}
        end as is_moved_on
    from present
    left join lead_progress on present.lead_no = lead_progress.lead_no

)

select
    segments.segment,
    segments.is_folded,
    followed.returns,
    min(segments.segment_leads) as segment_leads,
    min(segments.merged_groups) as merged_groups,
    count(*) as leads,
    count(case when followed.is_moved_on then 1 end) as moved_on_leads,
    count(case when followed.is_moved_on and followed.is_at_end then 1 end) as won_leads,
    sum(followed.watched_seconds) as watched_seconds
from followed
left join lead_attributes
    on
        followed.lead_no = lead_attributes.lead_no
        and lead_attributes.attribute = $by
inner join segments on lead_attributes.value is not distinct from segments.value
group by
    segments.segment,
    segments.is_folded,
    followed.returns
order by
    segments.segment,
    segments.is_folded,
    followed.returns
