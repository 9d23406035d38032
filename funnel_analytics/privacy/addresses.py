"""One spelling per e-mail address and company domain, so that equal ones have equal hashes."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from importlib import resources

__all__ = ["FREE_MAIL_DOMAINS", "company_domain", "normal_email"]

_LONGEST_ADDRESS = 254  # RFC 5321, 4.5.3.1.3, without the angle brackets
_LONGEST_LOCAL = 64
_LOCAL = re.compile(r"[^\s\x00-\x20\x7f()<>\[\]:;@\\,\"]+")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_WEBSITE = re.compile(
    r"(?:https?://)?(?:[^/@?#]*@)?(?P<host>[^/:?#@\s]+)(?::\d*)?(?:[/?#].*)?", re.I
)


def normal_email(text: str) -> str | None:
    """One spelling per e-mail address, or None for a text that is not exactly one address.

    Outer blanks and invisible characters go, compatible characters are one (NFKC), case does not
    count, and a domain with letters beyond ASCII is written in Punycode. A `+tag` stays:
    `ann+fair@a.de` and `ann@a.de` may be two people's, and only the mail server knows. Dots in the
    local part stay for the same reason.

    >>> normal_email(" Ann@Müller.de ")
    'ann@xn--mller-kva.de'
    >>> normal_email("not given")
    """
    local, at, domain = _plain(text).rpartition("@")
    host = _host(domain)
    if not at or host is None or not _LOCAL.fullmatch(local):
        return None
    address = f"{unicodedata.normalize('NFKC', local.casefold())}@{host}"
    is_long = len(local.encode()) > _LONGEST_LOCAL or len(address.encode()) > _LONGEST_ADDRESS
    return None if is_long else address


def company_domain(text: str) -> str | None:
    """The domain of a company in its website or in an e-mail address.

    `www.` goes, other subdomains stay. None for the domains of free-mail providers, whose users
    share nothing, and for what is neither address nor website.

    >>> company_domain("https://www.Beispiel.de/kontakt?x=1")
    'beispiel.de'
    >>> company_domain("ann@gmail.com")
    """
    plain = _plain(text)
    if "@" in plain and "/" not in plain:
        address = normal_email(plain)
        host = address.rpartition("@")[2] if address else None
    else:
        website = _WEBSITE.fullmatch(plain)
        host = _host(website["host"]) if website else None
    if host is None:
        return None
    domain = host.removeprefix("www.") if host.count(".") > 1 else host
    return None if domain in FREE_MAIL_DOMAINS else domain


@lru_cache(maxsize=4096)
def _host(text: str) -> str | None:
    """A domain name in small ASCII letters, or None; the numbers of an address are no name."""
    if text.isascii():
        host = text.lower()
    else:
        small = unicodedata.normalize("NFKC", text.lower()).replace("。", ".")
        host = ".".join(map(_ascii_label, small.split(".")))
    labels = host.split(".")
    if len(labels) < 2 or len(host) > 253 or labels[-1].isdigit():
        return None
    return host if all(map(_LABEL.fullmatch, labels)) else None


def _plain(text: str) -> str:
    if text.isascii():
        return text.strip()
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).strip()


def _ascii_label(label: str) -> str:
    """A label in Punycode; one with signs that are no letters becomes none at all."""
    if label.isascii():
        return label
    is_word = all(each in "-" or unicodedata.category(each)[0] in "LMN" for each in label)
    return "xn--" + label.encode("punycode").decode() if is_word else ""


def _free_mail_domains() -> frozenset[str]:
    file = resources.files("funnel_analytics.privacy").joinpath("free_mail_domains.txt")
    lines = file.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines for word in line.partition("#")[0].split())


FREE_MAIL_DOMAINS = _free_mail_domains()
"""Domains under which anybody gets an address, so that sharing one says nothing of a company."""
