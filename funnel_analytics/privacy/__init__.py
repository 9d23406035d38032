"""Keeps people out of the warehouse: the key, keyed hashes of addresses, pseudonyms and seals."""

from funnel_analytics.privacy.addresses import (
    FREE_MAIL_DOMAINS,
    company_domain,
    normal_email,
)
from funnel_analytics.privacy.key import Key
from funnel_analytics.privacy.keyfile import KEY_VARIABLE, find_key, key_path

__all__ = [
    "FREE_MAIL_DOMAINS",
    "KEY_VARIABLE",
    "Key",
    "company_domain",
    "find_key",
    "key_path",
    "normal_email",
]
