"""The key: pseudonyms, hashes and seals, each against an implementation of somebody else's."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnel_analytics.errors import CallError, DataError
from funnel_analytics.privacy import Key
from funnel_analytics.warehouse import connect, statement

KEY = Key(bytes(range(32)))
OTHER = Key(bytes(range(1, 33)))
IDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)


def digits(message: str) -> str:
    """The standard library's HMAC (RFC 2104), which the key does not use."""
    return hmac.new(bytes(range(32)), message.encode(), hashlib.sha256).hexdigest()


@given(raw=IDS)
def test_a_pseudonym_is_the_hmac_of_system_and_id(raw: str) -> None:
    assert KEY.pseudonym("sf", raw) == "sf:" + digits(f"id|sf|{raw}")[:16]
    assert KEY.pseudonym("hs", raw).removeprefix("hs:") != digits(f"id|sf|{raw}")[:16]


def test_hashes_of_one_word_differ_by_what_it_is() -> None:
    assert KEY.email("Ann@a.de") == digits("email|ann@a.de")[:16]
    assert KEY.domain("ann@a.de") == digits("domain|a.de")[:16]
    assert KEY.token("id", "sf:0123456789abcdef") == digits("forgotten|id|sf:0123456789abcdef")[:32]
    assert KEY.fingerprint == digits("fingerprint")[:16]
    assert KEY.email("no address") is None
    assert KEY.domain("ann@gmail.com") is None


@given(texts=st.lists(IDS, min_size=1, max_size=20))
def test_sql_computes_the_same_hashes(texts: list[str]) -> None:
    inner, outer = KEY.id_blocks()
    with connect(":memory:", read_only=False) as connection:
        rows = connection.execute(
            "select left(sha256($outer || unhex(sha256($inner || encode('id|sf|' || raw)))), 16) "
            "from (select unnest($raws) as raw)",
            {"inner": inner, "outer": outer, "raws": texts},
        ).fetchall()
    assert [f"sf:{value}" for (value,) in rows] == [KEY.pseudonym("sf", raw) for raw in texts]


@given(raw=IDS.filter(lambda text: "\0" not in text))
def test_sql_computes_the_same_tokens_from_plain_ids_and_pseudonyms(raw: str) -> None:
    inner, outer = KEY.id_blocks()
    pseudonym = KEY.pseudonym("sf", raw)
    with connect(":memory:", read_only=False) as connection:
        connection.execute(statement("sources/forget_macros"))
        ((plain, hidden, address),) = connection.execute(
            "select forget_token('id', $plain, true, $inner, $outer), "
            "forget_token('id', $hidden, false, $inner, $outer), "
            "forget_token('email', $address, true, $inner, $outer)",
            {
                "plain": f"sf:{raw}",
                "hidden": pseudonym,
                "address": "0123456789abcdef",
                "inner": inner,
                "outer": outer,
            },
        ).fetchall()
    assert plain == hidden == KEY.token("id", pseudonym)
    assert address == KEY.token("email", "0123456789abcdef")


@given(raw=IDS)
def test_a_seal_opens_with_its_key_and_pseudonym_alone(raw: str) -> None:
    pseudonym, sealed = KEY.seal("sf", raw)
    assert KEY.open(pseudonym, sealed) == f"sf:{raw}"
    assert KEY.seal("sf", raw) == (pseudonym, sealed)
    assert len(raw) < 4 or raw.encode() not in sealed
    for key, name, seal in (
        (OTHER, pseudonym, sealed),
        (KEY, KEY.pseudonym("sf", raw + "x"), sealed),
        (KEY, pseudonym, sealed[:-1] + bytes([sealed[-1] ^ 1])),
    ):
        with pytest.raises(DataError, match="does not open with the key"):
            key.open(name, seal)


def test_the_secret_is_never_shown() -> None:
    shown = f"{KEY!r} {KEY} {KEY.fingerprint}"
    assert KEY.secret.hex() not in shown
    assert repr(KEY.secret) not in shown
    with pytest.raises(CallError, match="A key has 32 bytes; this one has 31"):
        Key(bytes(31))


def test_a_warehouse_of_another_key_is_refused() -> None:
    KEY.must_fit(None, warehouse="w.duckdb")
    KEY.must_fit(KEY.fingerprint, warehouse="w.duckdb")
    with pytest.raises(DataError) as caught:
        KEY.must_fit(OTHER.fingerprint, warehouse="w.duckdb")
    assert str(caught.value) == (
        f"w.duckdb was loaded with the key {OTHER.fingerprint}; the key at hand is "
        f"{KEY.fingerprint}. Name the right key file in FUNNEL_KEY_FILE, or load every export "
        "into a new warehouse."
    )
