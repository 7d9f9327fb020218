"""Waxseal link tokens, minted and verified by docs/link-format.md with nothing
but the standard library."""
import base64, hashlib, hmac

PREFIXES = [b"", b"https://", b"https://www.", b"http://"]


def link_key(secret, key_id):
    extracted = hmac.digest(bytes(32), secret, hashlib.sha256)
    info = b"waxseal link key" + bytes([key_id, 1])
    return hmac.digest(extracted, info, hashlib.sha256)


def mac(secret, domain_id, kind, data):
    text = b"waxseal-" + kind.encode() + b"1" + domain_id + data
    return hmac.digest(link_key(secret, data[1]), text, hashlib.sha256)[:10]


def mint(secret, domain_id, kind, key_id, mode, message_id, index=0,
         url=None, link_id=None, expires=0):
    code = max(range(4), key=lambda c: (url or b"").startswith(PREFIXES[c])
               * len(PREFIXES[c])) if url else 0
    first = 0x40 | mode << 4 | (expires > 0) << 3 | (link_id is not None) << 2
    data = bytes([first | code, key_id])
    data += expires.to_bytes(4, "big") * (expires > 0) + message_id
    if kind == "c":
        while index > 0x7f:
            data, index = data + bytes([index & 0x7f | 0x80]), index >> 7
        data += bytes([index])
        data += url[len(PREFIXES[code]):] if url else link_id.to_bytes(6, "big")
    data += mac(secret, domain_id, kind, data)
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def verify(secret, domain_id, kind, token):
    """The bytes before the MAC, None if the token is not authentic."""
    try:
        data = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return None
    again = base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    if len(data) < 12 or again != token:
        return None
    expected = mac(secret, domain_id, kind, data[:-10])
    return data[:-10] if hmac.compare_digest(expected, data[-10:]) else None
