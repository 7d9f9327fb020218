"""What is asked for: lists of (method, host, path), and the answer that each
must get."""
import dataclasses
import hashlib
import hmac
import random
import string

from server import LINKS, SENDERS, URL, Domain, mint

COUNT = 5000  # different requests of a case
ALPHABET = string.ascii_letters + string.digits + "-_"
DOMAINS = [Domain(n) for n in range(SENDERS)]
RANDOM = random.Random(1)


@dataclasses.dataclass
class Case:
    name: str
    port: str       # of server.PORTS
    requests: list
    status: int
    options: tuple = ()  # of wrk
    h2: bool = False


def host(n):
    return f"h{n}.example"


def message_id():
    return RANDOM.randbytes(16)


def signed_links(url=URL):
    return [("GET", host(n), mint(DOMAINS[n], url=url,
                                  message_id=message_id()))
            for n in (i % SENDERS for i in range(COUNT))]


def table_links(count=COUNT, sender=None):
    ids = [RANDOM.randrange(LINKS) for _ in range(count)]
    if sender is not None:
        ids = [i - i % SENDERS + sender for i in ids]
    return [("GET", host(i % SENDERS),
             mint(DOMAINS[i % SENDERS], link_id=i, message_id=message_id()))
            for i in ids]


def opens():
    return [("GET", host(n), mint(DOMAINS[n], "o", message_id=message_id()))
            for n in (i % SENDERS for i in range(COUNT))]


def anything():
    return [("GET", host(0), "/")]


def longest_url():
    """A URL whose signed link has 2,048 characters."""
    url = "https://www.example.com/" + "p" * 1400
    while len("http://h10.example" + mint(DOMAINS[10], url=url)) < 2048:
        url += "p"
    return url[:-1]


def with_method(method, requests):
    return [(method, host, path) for _, host, path in requests]


def with_host(host, requests):
    return [(method, host.format(n), path)
            for n, (method, _, path) in enumerate(requests)]


def flipped(requests):
    """One bit of each token's bytes is another: no character that is not of
    the alphabet, so that all of it has to be checked."""
    def flip(path):
        at = RANDOM.randrange(5, len(path) - 1)
        value = ALPHABET.index(path[at]) ^ 1 << RANDOM.randrange(6)
        return path[:at] + ALPHABET[value] + path[at + 1:]
    return [(method, host, flip(path)) for method, host, path in requests]


def random_tokens(requests):
    return [(method, host,
             path[:3] + "".join(RANDOM.choices(ALPHABET, k=len(path) - 3)))
            for method, host, path in requests]


# ---- the tracker in Lua ----

def lua_key(host):
    return hashlib.sha256(host.encode()).hexdigest()


def lua_links():
    """What its dictionary holds, and the requests for it."""
    lines = [f"{host(n)} {lua_key(host(n))}" for n in range(SENDERS)]
    requests = []
    for i in range(COUNT):
        name = host(i % SENDERS)
        mac = hmac.digest(lua_key(name).encode(), f"{name}{i}".encode(),
                          hashlib.sha256)[:10].hex()
        lines.append(f"{i} {URL}")
        requests.append(("GET", name, f"/c/{i}/{mac}"))
    return "\n".join(lines) + "\n", requests
