-- One row per word of a system that the preset explains.
-- params: load_no, states, meanings
insert into state_meaning by name
select
    $load_no as load_no,
    unnest($states) as state,
    unnest($meanings) as meaning
