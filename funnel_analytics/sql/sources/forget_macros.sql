-- One row per call: a keyed hash as `privacy.Key` makes it, from the two blocks of its HMAC.
-- params: none
create or replace temp macro forget_hash(plain, inner_block, outer_block) as
    sha256(outer_block || unhex(sha256(inner_block || encode(plain))));

-- The pseudonym of an id that is stored plain, such as `sf:00Q1`.
create or replace temp macro forget_pseudonym(id, inner_block, outer_block) as
    split_part(id, ':', 1) || ':'
    || left(
        forget_hash(
            'id|' || split_part(id, ':', 1) || '|' || substr(id, strpos(id, ':') + 1),
            inner_block,
            outer_block
        ),
        16
    );

-- What a forgotten id leaves behind: enough to know it again, not enough to say whose it was.
create or replace temp macro forget_token(kind, id, is_plain, inner_block, outer_block) as
    left(
        forget_hash(
            'forgotten|' || kind || '|'
            || case
                when is_plain and kind <> 'email'
                    then forget_pseudonym(id, inner_block, outer_block)
                else id
            end,
            inner_block,
            outer_block
        ),
        32
    );
