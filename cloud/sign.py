"""How devices sign: HMAC over their names and what goes with them, sorted by name."""

import hmac

METHODS = {"hmacmd5": "md5", "hmacsha1": "sha1", "hmacsha256": "sha256"}

# Members of an authentication that are not signed.
UNSIGNED = frozenset(("version", "sign", "resources", "signmethod"))


def content(members):
    """The text that is signed: each name and its value, sorted, nothing between."""
    return "".join(f"{name}{members[name]}" for name in sorted(members) if name not in UNSIGNED)


def signature(method, key, text):
    return hmac.new(key.encode(), text.encode(), METHODS[method]).hexdigest()


def is_signed(members, key, default="hmacmd5"):
    """Whether members["sign"] is right. The case of its digits does not matter."""
    method = members.get("signmethod", default)
    given = members.get("sign")
    if method not in METHODS or not isinstance(given, str):
        return False
    expected = signature(method, key, content(members))
    return hmac.compare_digest(expected.encode(), given.lower().encode())
