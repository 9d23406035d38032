-- One row per seal taken out: nobody can resolve the person's ids any more.
-- params: none
delete from sealed_id
where
    pseudonym in (
        select person_ids.id from person_ids
        where person_ids.kind <> 'email'
    )
