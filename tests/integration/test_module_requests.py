#!/usr/bin/python3
"""What clients may send to the module in a real nginx: odd requests, odd hosts,
hostile tokens. Numbers are those of the pitfalls that a test guards against:
request handling 1, 2, ..."""
import random
import secrets
import socket
import subprocess
import sys
import time

from edge import (FULL, HEAD, PATIENCE, Domain, Edge, free_port, h2_frame,
                  h2_frames, h2_headers, mint, run_tests, talk)
import link_token

ONE = Domain(101)
TABLE_URL = "https://table.example/landing?here=1"
URL = "https://www.example.com/path?a=b&c=d%2Fe#top"
ALL_ASCII = "".join(map(chr, range(0x21, 0x7f)))
TOKEN_MAX = 2048
H2_PORT = free_port()
H2_SERVER = """
    server {
        listen 127.0.0.1:%d http2;
        location / { waxseal_tracking; }
    }
""" % H2_PORT
LINES = [f"host links.example {ONE.words()}",
         f"host xn--bcher-kva.example {ONE.words()}",
         f"link 1 101 0 {TABLE_URL}"]


def raw(edge, data, count=1, **options):
    return talk(edge.port, data.encode("latin-1"), count, **options)


def get_text(path, host="links.example", version="1.1", extra=""):
    return f"GET {path} HTTP/{version}\r\nHost: {host}\r\n{extra}\r\n"


def is_redirect(response, url=URL):
    return (response.status == 302 and response["Location"] == url
            and response["Cache-Control"] == "private, no-store"
            and response["X-Robots-Tag"] == "noindex"
            and response["Referrer-Policy"] == "no-referrer"
            and response["Content-Length"] == "0" and response.body == b"")


def is_pixel(response):
    return (response.status == 200 and response["Content-Type"] == "image/gif"
            and response.body.startswith(b"GIF89a")
            and response["Cache-Control"] == "private, no-store"
            and response["Last-Modified"] is None and response["ETag"] is None)


def works(edge):
    """A click and its event: nothing that came before has left a mark."""
    edge.new_events()
    assert is_redirect(edge.get(mint(ONE, url=URL)))
    assert len(edge.new_events()) == 1


# ---- destinations ----

def test_destination_bytes_come_back_unchanged(edge):
    """4: every byte that a destination may have, wherever it may be"""
    for url in (
            "https://a.example/" + ALL_ASCII, "http://a.example?" + ALL_ASCII,
            "https://a.example/#" + ALL_ASCII, "https://a.example",
            "https://a.example/%2F%2f%25%00%0d%0a%C3%A4%ff%zz%",
            "https://xn--bcher-kva.example/b%C3%BCcher",
            "https://a.example/a//b/./../c/%2e%2e/", "HTTP://A.EXAMPLE/",
            "https://a.example/?q=1#/route?x=https://b.example/",
            "https://www.a.example/", "https://www.a.example.:443/",
            "https://u:p%40@a.example:65535/", "http://[::1]:8080/"):
        response = edge.get(mint(ONE, url=url))
        assert is_redirect(response, url), (url, response)


def test_longest_link(edge):
    """a link of 2,048 characters, a token of 2,048, and one more"""
    def url_for(token_length):
        path = mint(ONE, url="https://a.example/")
        url = "https://a.example/"
        while len(path) < len("/c/") + token_length:
            url += "x"
            path = mint(ONE, url=url)
        return url, path
    url, path = url_for(2048 - len("https://links.example/c/"))
    assert len("https://links.example" + path) == 2048
    assert is_redirect(edge.get(path), url)
    url, path = url_for(TOKEN_MAX)
    assert len(path) == len("/c/") + TOKEN_MAX
    assert is_redirect(edge.get(path), url)
    assert edge.get(mint(ONE, url=url + "xx")).status == 404


def test_no_header_can_be_injected(edge):
    """4: bytes that end a header line, under a right signature"""
    edge.new_events()
    for bad in ("\r\nX-Evil: 1", "\nX-Evil: 1", "\rX-Evil: 1", "\r\n\r\nX-Evil",
                "\0", "\t", " ", "\x0b", "\x7f", "\x85", "\xa0", "\u2028",
                "\u00e4"):
        for url in (f"https://a.example/{bad}", f"https://a.example{bad}/x",
                    f"https://a.ex{bad}ample/", f"{bad}https://a.example/",
                    f"https://a.example/?{bad}#x"):
            response = edge.get(mint(ONE, url=url))
            assert response.status == 404, (url, response)
            assert response["X-Evil"] is None and response["Location"] is None
            assert b"Evil" not in response.body
    assert edge.new_events() == []


def test_no_header_can_be_injected_through_the_table(edge):
    """4: a table file that somebody has changed"""
    path = mint(ONE, link_id=1)
    content = edge.table.read_bytes()
    at = content.index(TABLE_URL.encode())
    try:
        with open(edge.table, "r+b") as table:
            for bad in (b"\r\nX-Evil: 1", b"\n", b"\0", b"\xff"):
                table.seek(at + 20)
                table.write(bad)
                table.flush()
                response = edge.get(path)
                assert response.status == 404, response
                assert response["X-Evil"] is None
                table.seek(at)
                table.write(TABLE_URL.encode())
                table.flush()
    finally:
        assert is_redirect(edge.get(path), TABLE_URL)


def test_only_absolute_http_destinations(edge):
    """5, 14: no other scheme, nothing relative, nothing unsigned"""
    for url in ("/landing", "//evil.example/", "javascript:alert(1)",
                "data:text/html,x", "ftp://a.example/", "https:a.example",
                "https:///a", "https://", "http://:80/", "https://@/", "x"):
        assert edge.get(mint(ONE, url=url)).status == 404, url
    evil = "https://evil.example/"
    for path in (f"/c/?url={evil}", f"/c?url={evil}", f"/?url={evil}",
                 f"/c/{evil}", f"/{evil}", f"/redirect?to={evil}",
                 "/c/aHR0cHM6Ly9ldmlsLmV4YW1wbGUv"):
        response = edge.get(path)
        assert response.status == 404 and response["Location"] is None, path


# ---- targets ----

def test_spellings_of_the_path(edge):
    """7: nginx's normal form of the path decides, never another destination"""
    token = mint(ONE, url=URL)[3:]
    for path in (f"//c//{token}", f"/x/../c/{token}", f"/%63/{token}",
                 f"/c/./{token}", f"/c/%{ord(token[0]):x}{token[1:]}"):
        assert is_redirect(edge.get(path)), path
    for path in (f"/c/{token}%2F", f"/c/%2F{token}%20",
                 f"/c/{token}/.", f"/c%2F{token}x", f"/C/{token}",
                 f"/c/{token};x=1", f"/c/{token}%3F", f"/c/x/{token}"):
        assert edge.get(path).status == 404, path
    for path in ("/c/../../etc/passwd", "/c/%", "c/" + token,
                 f"/c/{token}%00"):
        assert edge.get(path).status == 400, path


def test_arguments_do_not_matter(edge):
    """8: no argument is read"""
    path = mint(ONE, url=URL)
    for query in ("?", "?url=https://evil.example/", "?" + "&a=b" * 500,
                  "?%00", "?\"<>", "#fragment"):
        assert is_redirect(edge.get(path + query)), query


def test_absolute_form(edge):
    path = mint(ONE, url=URL)
    for target in ("http://links.example", "HTTP://LINKS.EXAMPLE",
                   "https://links.example:444", "http://links.example."):
        assert is_redirect(raw(edge, get_text(target + path, "other.example",
                                              extra="Connection: close\r\n")))
    for target in ("http://nobody.example", "http://u:p@links.example",
                   "http://"):
        response = raw(edge, get_text(target + path))
        assert response.status in (400, 404), (target, response)
    assert raw(edge, get_text("*")).status == 400


# ---- hosts ----

def test_odd_hosts(edge):
    path = mint(ONE, url=URL)
    for host in ("links.example", "LINKS.EXAMPLE", "links.example.",
                 "Links.Example.:80", "links.example:65535", "links.example:",
                 "links.example:x", "xn--bcher-kva.example",
                 "XN--BCHER-KVA.EXAMPLE:81"):
        assert is_redirect(edge.get(path, host=host)), host
    for host in ("nobody.example", "links.example.evil.example", "example",
                 "xlinks.example", "127.0.0.1", "[::1]", "[::1]:80", "a" * 255,
                 ".".join(["a" * 63] * 4), "b\u00fccher.example", "localhost",
                 "u@links.example"):
        response = edge.get(path, host=host)
        assert response.status == 404, (host, response)
        assert response.body == b"unknown tracking host\n"
    for host in ("", "links.example..", ".links.example", "links/example",
                 "links.example/", "links\0.example", "[::1"):
        assert edge.get(path, host=host).status in (400, 404), host


def test_missing_and_repeated_host(edge):
    path = mint(ONE, url=URL)
    assert raw(edge, f"GET {path} HTTP/1.1\r\n\r\n").status == 400
    assert raw(edge, f"GET {path} HTTP/1.0\r\n\r\n").status == 404
    twice = "Host: nobody.example\r\n"
    assert raw(edge, get_text(path, extra=twice)).status == 400


# ---- methods, versions, connections ----

def test_methods(edge):
    """1: GET and HEAD, nothing else"""
    paths = (mint(ONE, url=URL), mint(ONE, "o"), "/favicon.ico", "/")
    edge.new_events()
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND",
                   "MKCOL", "BREW", "GETT", "PURGE"):
        for path in paths:
            response = edge.get(path, method=method)
            assert response.status == 405, (method, response)
            assert response["Allow"] == "GET, HEAD"
    for method in ("TRACE", "CONNECT", "get"):
        assert edge.get(paths[0], method=method).status in (400, 405)
    assert edge.new_events() == []
    assert is_redirect(edge.get(paths[0], method="HEAD"))
    assert [e["flags"] for e in edge.new_events()] == [HEAD]


def test_versions(edge):
    path = mint(ONE, url=URL)
    keep = "Connection: keep-alive\r\n"
    first, second = raw(edge, get_text(path, version="1.0", extra=keep) * 2, 2)
    assert is_redirect(first) and is_redirect(second)
    assert first["Connection"] == "keep-alive"
    assert raw(edge, get_text(path, version="1.0"))["Connection"] == "close"
    assert is_redirect(raw(edge, get_text(path, version="1.9")))
    assert raw(edge, get_text(path, version="2.0")).status == 505
    edge.new_events()
    try:
        raw(edge, f"GET {path}\r\n")  # HTTP/0.9 has neither host nor headers
    except AssertionError:
        pass
    assert edge.new_events() == []
    works(edge)


CONDITIONS = ("If-Match: \"x\"", "If-Match: *", "If-None-Match: *",
              "If-None-Match: \"x\"",
              "If-Modified-Since: Mon, 28 Sep 2037 06:00:00 GMT",
              "If-Unmodified-Since: Mon, 28 Sep 1970 06:00:00 GMT",
              "If-Range: \"x\"")


def test_conditions_and_ranges(edge):
    """3: nobody keeps a copy, so nothing is partial or not modified"""
    ranges = ("Range: bytes=0-3", "Range: bytes=-1", "Range: bytes=9-",
              "Range: bytes=0-0,2-2", "Range: bytes=900-", "Range: x")
    click, pixel = mint(ONE, url=URL), mint(ONE, "o")
    edge.new_events()
    for header in (*CONDITIONS, *ranges, "Accept-Encoding: gzip",
                   "TE: trailers", "Upgrade: h2c"):
        for method in ("GET", "HEAD"):
            assert is_redirect(edge.get(click, headers=[header],
                                        method=method)), header
        response = edge.get(pixel, headers=[header])
        assert is_pixel(response), (header, response)
        assert response["Accept-Ranges"] is None
        assert response["Content-Range"] is None
        assert edge.get("/favicon.ico", headers=[header]).status == 200
        assert edge.get("/c/bad", headers=[header]).status == 404
    assert len(edge.new_events()) == 3 * (len(CONDITIONS) + len(ranges) + 3)


def test_bodies_of_get_requests(edge):
    """2: a body never becomes the next request"""
    path, evil = mint(ONE, url=URL), get_text(mint(ONE, link_id=1))
    chunked = "Transfer-Encoding: chunked\r\n"
    chunks = f"{len(evil):x}\r\n{evil}\r\n0\r\n\r\n"
    edge.new_events()
    for extra, body in (
            (f"Content-Length: {len(evil)}\r\n", evil), (chunked, chunks),
            (chunked + "Expect: 100-continue\r\n", chunks),
            ("Content-Length: 0\r\n", "")):
        data = get_text(path, extra=extra) + body + get_text(path)
        count = 3 if "Expect" in extra else 2
        responses = raw(edge, data, count)
        if count == 3:
            assert responses.pop(0).status == 100
        assert all(map(is_redirect, responses)), (extra, responses)
    assert [e["link_id"] for e in edge.new_events()] == [0] * 8
    big = "x" * 900000
    data = get_text(path, extra=f"Content-Length: {len(big)}\r\n") + big
    assert all(map(is_redirect, raw(edge, data + get_text(path), 2)))
    response = raw(edge, get_text(path, extra="Content-Length: 99999999\r\n"))
    assert response.status in (302, 413)
    assert raw(edge, get_text(path, extra="Content-Length: x\r\n")).status == 400
    works(edge)


def test_pipelines_of_everything(edge):
    kinds = {mint(ONE, url=URL): 302, mint(ONE, link_id=1): 302,
             mint(ONE, "o"): 200, "/favicon.ico": 200, "/c/bad": 404,
             "/o/bad": 200, mint(ONE, url=URL, expires=1): 410, "/x": 404}
    order = list(kinds) * 12
    random.Random(1).shuffle(order)
    responses = raw(edge, "".join(map(get_text, order)), len(order))
    assert [r.status for r in responses] == [kinds[path] for path in order]


def test_one_connection_after_errors(edge):
    path = mint(ONE, url=URL)
    for bad in ("/c/bad", "/", mint(ONE, url=URL, expires=1)):
        first, second = raw(edge, get_text(bad) + get_text(path), 2)
        assert first.status in (404, 410) and is_redirect(second)
    data = (f"POST {path} HTTP/1.1\r\nHost: links.example\r\n"
            "Content-Length: 3\r\n\r\nabc")
    first, second = raw(edge, data + get_text(path), 2)
    assert first.status == 405 and is_redirect(second)


# ---- HTTP/2 ----

def curl(*arguments):
    """(status, header lines, body) of a request over HTTP/2 without TLS."""
    result = subprocess.run(
        ["curl", "-sS", "-i", "--http2-prior-knowledge", "--max-time",
         str(10 * PATIENCE), "--path-as-is", *arguments],
        capture_output=True, check=True)
    head, _, body = result.stdout.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0].startswith("HTTP/2 "), lines
    return int(lines[0].split()[1]), dict(
        line.split(": ", 1) for line in lines[1:]), body


def test_http_2(edge):
    base = f"http://127.0.0.1:{H2_PORT}"
    host = ("-H", "Host: links.example")
    click, pixel = base + mint(ONE, url=URL), base + mint(ONE, "o")
    edge.new_events()
    status, headers, body = curl(*host, click)
    assert (status, headers["location"], body) == (302, URL, b"")
    assert headers["cache-control"] == "private, no-store"
    assert headers["content-length"] == "0"
    status, headers, body = curl("-H", "Host: LINKS.example:99", pixel)
    assert status == 200 and body.startswith(b"GIF89a")
    assert curl(*host, "-I", click)[0] == 302
    assert [e["flags"] for e in edge.new_events()] == [0, 0, HEAD]
    assert curl(*host, base + "/c/bad")[0] == 404
    assert curl("-H", "Host: nobody.example", click)[0] == 404
    for header in CONDITIONS:
        assert curl(*host, "-H", header, pixel)[0] == 200


def h2_click(stream, method=b"GET", end=1):
    """The frame of a click's headers; end: no body follows."""
    end_headers = 4
    return h2_frame(1, end_headers | end, stream, h2_headers(
        (b":method", method), (b":scheme", b"http"),
        (b":authority", b"links.example"),
        (b":path", mint(ONE, url="https://a.example/").encode())))


def h2_statuses(frames, count):
    """Sends frames, returns {stream: status} of so many answers."""
    found = {}
    with socket.create_connection(("127.0.0.1", H2_PORT),
                                  10 * PATIENCE) as connection:
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
                           + h2_frame(4, 0, 0) + frames)
        with connection.makefile("rb") as stream:
            for kind, _, number, payload in h2_frames(stream):
                if kind == 1:
                    at = payload.index(b"\x48\x03")
                    found[number] = payload[at + 2:at + 5]
                if len(found) == count:
                    break
    return found


def test_http_2_streams_and_bodies(edge):
    """1, 2"""
    edge.new_events()
    streams = range(1, 101, 2)
    assert h2_statuses(b"".join(map(h2_click, streams)), 50) \
        == dict.fromkeys(streams, b"302")
    assert len(edge.new_events()) == 50
    body = h2_frame(0, 0, 1, b"x" * 9000) + h2_frame(0, 1, 1, b"x" * 9000)
    assert h2_statuses(h2_click(1, b"POST", 0) + body, 1) == {1: b"405"}
    assert edge.new_events() == []
    assert h2_statuses(h2_click(1, b"GET", 0) + body, 1) == {1: b"302"}
    assert len(edge.new_events()) == 1
    works(edge)


# ---- forged tokens ----

def statuses(edge, paths):
    found = []
    for start in range(0, len(paths), 500):
        part = paths[start:start + 500]
        found += [r.status for r in raw(
            edge, "".join(map(get_text, part)), len(part))]
    return found


def flipped(token, randomly):
    """The token with one of its bits the other way round."""
    data = bytearray(link_token.base64.urlsafe_b64decode(
        token + "=" * (-len(token) % 4)))
    bit = randomly.randrange(len(data) * 8)
    data[bit // 8] ^= 1 << bit % 8
    return link_token.base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def test_forged_tokens_are_refused(edge):
    seed = time.time_ns()
    randomly = random.Random(seed)
    tokens = [mint(ONE, url=URL, message_id=secrets.token_bytes(16))[3:],
              mint(ONE, link_id=1)[3:],
              mint(ONE, url=URL, mode=FULL, expires=2 ** 32 - 1)[3:]]
    paths = ["/c/" + flipped(token, randomly)
             for token in tokens for _ in range(1500)]
    for _ in range(3000):
        size = randomly.randrange(12, 120)
        data = bytes([0x40 | randomly.randrange(64), 1]) \
            + randomly.randbytes(size)
        paths.append("/c/" + link_token.base64.urlsafe_b64encode(data)
                     .rstrip(b"=").decode())
    edge.new_events()
    assert set(statuses(edge, paths)) == {404}, seed
    pixels = ["/o/" + flipped(mint(ONE, "o")[3:], randomly)
              for _ in range(1000)]
    assert set(statuses(edge, pixels)) == {200}
    assert edge.new_events() == [], seed
    works(edge)


if __name__ == "__main__":
    shared = Edge(servers=H2_SERVER)
    shared.make_table(LINES)
    with shared:
        outcome = run_tests(globals(), shared)
    sys.exit(outcome())
