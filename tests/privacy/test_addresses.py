"""One spelling per address: what is one stays one, what is two stays two, what is none is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnel_analytics.privacy import FREE_MAIL_DOMAINS, company_domain, normal_email


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ann@a.de", "ANN@A.DE"),
        ("ann@a.de", "  ann@a.de\u00a0"),
        ("ann@a.de", "ann@a.de\u200b"),  # a zero-width blank, from a web page
        ("ann@a.de", "ａｎｎ＠a．de"),  # full-width letters
        ("jörg@a.de", "jo\u0308rg@a.de"),  # composed and decomposed
        ("ann@müller.de", "ann@xn--mller-kva.de"),
        ("ann@straße.de", "ann@xn--strae-oqa.de"),
        ("ann@例え。jp", "ann@例え.jp"),
    ],
)
def test_spellings_of_one_address(one: str, other: str) -> None:
    assert normal_email(one) is not None
    assert normal_email(one) == normal_email(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ann@a.de", "ann+fair@a.de"),
        ("ann.lee@a.de", "annlee@a.de"),
        ("ann@straße.de", "ann@strasse.de"),  # two domains since IDNA 2008
        ("ann@a.de", "ann@mail.a.de"),
    ],
)
def test_addresses_that_may_be_two_peoples(one: str, other: str) -> None:
    assert None not in (normal_email(one), normal_email(other))
    assert normal_email(one) != normal_email(other)


@pytest.mark.parametrize(
    "text",
    ["", " ", "n/a", "ann", "ann@", "@a.de", "ann@a", "ann@a.", "ann@.de", "ann@-a.de", "a b@c.de",
     "ann@a.de;bob@a.de", "ann@a.de, bob@a.de", "Ann <ann@a.de>", "mailto:ann@a.de", "ann@@a.de",
     "ann@127.0.0.1", "ann@a..de", "ann@a€.de", "ann@a_b.de", "0171 1234567",
     "a" * 65 + "@a.de", "ann@" + "a" * 64 + ".de", "ann@" + "a." * 130 + "de"],
)  # fmt: skip
def test_what_is_no_single_address(text: str) -> None:
    assert normal_email(text) is None


def test_the_longest_address_is_one() -> None:
    assert normal_email("a" * 64 + "@a.de") is not None
    assert normal_email("ann@" + "a" * 63 + ".de") is not None


@given(st.text(max_size=30))
def test_the_normal_spelling_is_its_own(text: str) -> None:
    for each in (text, f"{text}@a.de", f"ann@{text}.de"):
        once = normal_email(each)
        assert once is None or normal_email(once) == once
        domain = company_domain(each)
        assert domain is None or company_domain(domain) == domain


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("ann@Acme.de", "acme.de"),
        ("https://www.Acme.de/about?x=1", "acme.de"),
        ("http://acme.de:8080", "acme.de"),
        ("https://acme.de/?from=ann@b.de", "acme.de"),
        ("https://ann:secret@acme.de/", "acme.de"),
        ("www.acme.de", "acme.de"),
        ("www.de", "www.de"),
        ("shop.acme.co.uk", "shop.acme.co.uk"),
        ("müller.de", "xn--mller-kva.de"),
        ("ann@gmail.com", None),
        ("gmx.de", None),
        ("Acme GmbH", None),
        ("http://127.0.0.1/", None),
        ("localhost", None),
        ("", None),
    ],
)
def test_the_domain_of_a_company(text: str, domain: str | None) -> None:
    assert company_domain(text) == domain


def test_the_list_of_free_mail_domains_is_one_of_domains() -> None:
    assert len(FREE_MAIL_DOMAINS) > 400
    assert {"gmail.com", "web.de", "t-online.de", "qq.com"} <= FREE_MAIL_DOMAINS
    for domain in FREE_MAIL_DOMAINS:
        assert normal_email(f"ann@{domain}") == f"ann@{domain}"
