#!/usr/bin/python3
"""What comes with certificates: https enforced without a dead link, HTTP-01
challenges, a CDN in front, links behind the region's own name, settings."""
import sys

from edge import (ENFORCED, CLICKS, DELETED, OPENS, Domain, free_port, mint,
                  read_response, request, run_tests)
from test_module_lifecycle import refusal
from tls_edge import TlsEdge

URL = "https://example.com/landing"
ON = OPENS | CLICKS
ONE = Domain(421, flags=ON | ENFORCED, certificate=7)
FREE = Domain(422, certificate=7)
BARE = Domain(423, flags=ON | ENFORCED)
LOST = Domain(424, flags=ON | ENFORCED, certificate=3)
LATE = Domain(425, flags=ON | ENFORCED, certificate=3)
GONE = Domain(426, flags=DELETED)
HOSTS = {"one.example": ONE, "free.example": FREE, "bare.example": BARE,
         "lost.example": LOST, "late.example": LATE, "gone.example": GONE}
CLICK = mint(ONE, url=URL)
OPEN = mint(ONE, "o")
UNSUBSCRIBE = mint(ONE, "u")
PROXY = """set_real_ip_from 127.0.0.1; real_ip_header X-Forwarded-For;
    waxseal_protocol $http_x_test_protocol;"""
SAID_HTTP, SAID_HTTPS = "X-Test-Protocol: http", "X-Test-Protocol: https"
HSTS = "Strict-Transport-Security"
THUMBPRINT = "LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ"


def edge_with(**options):
    edge = TlsEdge(HOSTS, **options)
    edge.path("lost.example", 3).unlink()
    edge.certify("late.example", 3, days=-1)
    return edge


def plain(edge, path, host="one.example", **options):
    return request(edge.plain_port, path, host=host, **options)


def is_redirect(response):
    return response.status == 302 and response["Location"] == URL


def never_cached(response):
    return response["Cache-Control"] == "private, no-store"


# ---- https only ----

def test_http_is_sent_to_https():
    with edge_with() as edge:
        for path in (CLICK, OPEN, UNSUBSCRIBE):
            for method in ("GET", "HEAD"):
                response = plain(edge, path + "?utm=1", method=method)
                assert response.status == 308, (path, response)
                assert response["Location"] == "https://one.example" + path
                assert never_cached(response) and response[HSTS] is None
                assert response["Content-Length"] == "0"
        assert edge.events() == []
        response, _, _ = edge.tls_get("one.example", CLICK)
        assert is_redirect(response) and len(edge.events()) == 1
        name = 'waxseal_requests_total{event="click",result="to_https"}'
        assert edge.metrics()[name] == 2
        assert "click - to_https -" in (edge.folder / "access.log").read_text()


def test_what_is_not_sent_to_https():
    with edge_with() as edge:
        # a mailbox provider that unsubscribes follows no redirect
        assert plain(edge, UNSUBSCRIBE, method="POST").status == 200
        assert plain(edge, "/favicon.ico").status == 200
        assert plain(edge, "/c/not-a-token").status == 404
        assert plain(edge, "/c/%0d%0aX:y").status == 404
        assert plain(edge, "/").status == 404
        assert plain(edge, "/o/x").status == 200
        assert is_redirect(plain(edge, mint(FREE, url=URL), "free.example"))
        assert plain(edge, CLICK, "unknown.example").status == 404


def test_never_to_a_host_that_would_show_a_warning():
    with edge_with() as edge:
        for domain, host in ((BARE, "bare.example"), (LOST, "lost.example"),
                             (LATE, "late.example")):
            assert is_redirect(plain(edge, mint(domain, url=URL), host)), host
        edge.certify("lost.example", 4)
        edge.change_table("host lost.example "
                          + Domain(424, ON | ENFORCED, certificate=4).words())
        response = plain(edge, mint(LOST, url=URL), "lost.example")
        assert response.status == 308
        assert edge.openssl("lost.example")[1]


def test_hsts():
    with edge_with(location="waxseal_hsts 1d;") as edge:
        for path in (CLICK, OPEN, "/favicon.ico", "/c/x", "/nothing"):
            response, _, _ = edge.tls_get("one.example", path)
            assert response[HSTS] == "max-age=86400", path
            response, _, _ = edge.tls_get("free.example", path)
            assert response[HSTS] is None
    for location, expected in (("", "max-age=2592000"),
                               ("waxseal_hsts 0;", None)):
        with edge_with(location=location) as edge:
            response, _, _ = edge.tls_get("one.example", CLICK)
            assert is_redirect(response) and response[HSTS] == expected


# ---- something in front ----

def test_a_trusted_proxy_says_the_protocol():
    with edge_with(location=PROXY) as edge:
        response = plain(edge, CLICK, headers=[SAID_HTTPS])
        assert is_redirect(response) and response[HSTS] == "max-age=2592000"
        assert edge.events()[0]["flags"] == 8  # https
        response = plain(edge, CLICK, headers=[SAID_HTTP])
        assert response.status == 308
        # the proxy has the certificate
        path = mint(BARE, url=URL)
        response = plain(edge, path, "bare.example",
                         headers=[SAID_HTTP])
        assert response["Location"] == "https://bare.example" + path
        response = plain(edge, path, "bare.example",
                         headers=["X-Test-Protocol: gopher"])
        assert is_redirect(response)


def test_an_unknown_proxy_makes_no_endless_redirect():
    with edge_with(location=PROXY) as edge:
        for header in ("X-Forwarded-Proto: https", "Forwarded: for=x;proto=https",
                       'CF-Visitor: {"scheme":"https"}',
                       "CloudFront-Forwarded-Proto: https"):
            response = plain(edge, CLICK, headers=[header])
            assert is_redirect(response) and response[HSTS] is None, header
        assert all(event["flags"] == 0 for event in edge.events())
        assert plain(edge, CLICK, headers=["X-Forwarded-Proto: http",
                                           "CF-Ray: https"]).status == 308


def test_a_proxy_may_ask_for_another_name_in_tls():
    """the Host decides, not the name that a CDN knows its origin by"""
    with edge_with() as edge:
        for name in ("links.region.example", "one.example"):
            with edge.connect(name, edge.context(verify=False)) as connection:
                connection.sendall(f"GET {mint(FREE, url=URL)} HTTP/1.1\r\n"
                                   "Host: free.example\r\n"
                                   "Connection: close\r\n\r\n".encode())
                with connection.makefile("rb") as stream:
                    assert is_redirect(read_response(stream))


def test_nothing_is_cacheable():
    with edge_with() as edge:
        (edge.certs / "thumbprint").write_text(THUMBPRINT)
        edge.change_table(f"link 9 {FREE.number} 1 {URL}")
        for path, status in ((mint(FREE, url=URL), 302), ("/c/x", 404),
                             (mint(FREE, url=URL, expires=9), 410),
                             (mint(FREE, link_id=9), 410), ("/o/x", 200),
                             (mint(FREE, "u"), 200), ("/favicon.ico", 200),
                             ("/", 404)):
            response = plain(edge, path, "free.example")
            assert response.status == status, (path, response)
            assert never_cached(response), (path, response)
        response = plain(edge, "/c/x", "unknown.example")
        assert response.status == 404 and never_cached(response)
        response = plain(edge, "/", method="PUT")
        assert response.status == 405 and never_cached(response)


# ---- HTTP-01 ----

def challenge(edge, token="evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA",
              host="one.example", **options):
    return plain(edge, "/.well-known/acme-challenge/" + token, host, **options)


def test_challenges():
    with edge_with() as edge:
        path = edge.certs / "thumbprint"
        assert challenge(edge).status == 404  # no account yet
        edge.put(path, THUMBPRINT.encode() + b"\n")
        edge.wait(lambda: challenge(edge).status == 200, limit=5)
        for token in ("a", "-_", "A" * 128):
            response = challenge(edge, token)
            assert response.body.decode() == token + "." + THUMBPRINT
            assert never_cached(response) and response[HSTS] is None
        response = challenge(edge, "a", method="HEAD")
        assert response.status == 200 and response["Content-Length"] == "45"
        response, _, _ = edge.tls_get("one.example",
                                      "/.well-known/acme-challenge/a")
        assert response.body.decode() == "a." + THUMBPRINT
        for host in ("bare.example", "gone.example"):
            assert challenge(edge, host=host).status == 200
        for token in ("", "A" * 129, "a.b", "a/b", "a%20b", "%c3%a4", "a+b"):
            assert challenge(edge, token).status == 404, token
        assert challenge(edge, host="unknown.example").status == 404
        assert challenge(edge, host="").status == 400
        assert challenge(edge, method="POST").status == 405
        assert plain(edge, "/.well-known/acme-challeng/aa").status == 404
        answered = edge.metrics()["waxseal_acme_challenges_total"]

        other = THUMBPRINT[::-1]
        edge.put(path, other.encode())
        edge.wait(lambda: challenge(edge, "a").body.decode() == "a." + other,
                  limit=5)
        for bad in (b"", b"short", THUMBPRINT.encode() + b"x", b"x" * 9999,
                    THUMBPRINT[:-1].encode() + b"\x00"):
            before = edge.log().count("the former one stays in use")
            edge.put(path, bad)
            edge.wait(lambda: edge.log().count("the former one stays in use")
                      > before, limit=5)
        assert challenge(edge, "a").body.decode() == "a." + other
        assert edge.metrics()["waxseal_acme_challenges_total"] > answered


def test_no_location_hides_a_challenge():
    shadow = """server { listen 127.0.0.1:%d; server_name one.example;
        rewrite ^ https://elsewhere.example permanent;
        location ^~ /.well-known/ { return 403; } }"""
    edge = edge_with()
    edge.configure((edge.folder / "nginx.conf").read_text()[:-2]
                   + shadow % edge.plain_port + "}\n")
    edge.put(edge.certs / "thumbprint", THUMBPRINT.encode())
    with edge:
        assert plain(edge, CLICK).status == 301
        response = challenge(edge, "abc", headers=["Content-Length: 3", "",
                                                   "xyz"])
        assert response.body.decode() == "abc." + THUMBPRINT


# ---- the region's own name ----

def test_links_work_behind_the_name_of_the_region():
    with edge_with() as edge:
        for host in ("links.region.example", "links2.REGION.example"):
            for name in ("free.example", "FREE.example"):
                response = plain(edge, f"/{name}" + mint(FREE, url=URL), host)
                assert is_redirect(response), response
        assert len(edge.events()) == 4
        region = "links.region.example"
        for path, status in (
                ("/gone.example" + mint(GONE, url=URL), 302),
                ("/one.example" + CLICK, 302),  # no https to be sent to
                ("/one.example" + OPEN, 200),
                ("/one.example" + UNSUBSCRIBE, 200),
                ("/favicon.ico", 200),
                # nothing but the key of the host named opens a link
                ("/free.example" + CLICK, 404), ("/gone.example" + CLICK, 404),
                (CLICK, 404), ("/unknown.example" + CLICK, 404), ("/", 404),
                ("/" + "x" * 254 + CLICK, 404), ("/one.example", 404),
                ("/one.example/", 404), ("/one.example/other", 404),
                ("/links.region.example/one.example" + CLICK, 404)):
            response = plain(edge, path, region)
            assert response.status == status, (path, response)
            assert never_cached(response) and response[HSTS] is None
        assert plain(edge, "/one.example" + UNSUBSCRIBE, region,
                     method="POST").status == 200
        assert edge.events()[-1]["type"] == "u"
        # no other host does that
        assert plain(edge, "/one.example" + CLICK, "free.example").status == 404
        assert plain(edge, "/one.example" + CLICK, "x.example").status == 404


# ---- settings ----

PORT = free_port()
TLS = f"waxseal_table t; server {{ listen 127.0.0.1:{PORT} ssl; %s }}"
TLS_OFF = f"server {{ listen 127.0.0.1:{PORT}; }}"
PAIR = ("ssl_certificate /etc/ssl/$ssl_server_name; "
        "ssl_certificate_key /etc/ssl/$ssl_server_name;")


def test_settings_are_accepted():
    for http in ("waxseal_table t; waxseal_certificates c;",
                 "waxseal_table t; waxseal_certificates c cache=1;",
                 "waxseal_table t; waxseal_tls fallback; " + TLS_OFF,
                 TLS % PAIR,
                 "waxseal_table t; waxseal_hsts 1y; waxseal_ticket_keys k; "
                 "waxseal_acme_thumbprint p; waxseal_default_host a b;",
                 "waxseal_hsts 0;"):
        said = refusal(http)
        assert said is None, (http, said)


def test_settings_are_refused_with_a_reason():
    for http, reason in (
            ("waxseal_certificates c;", '"waxseal_certificates" is used, but'),
            ("waxseal_ticket_keys k;", '"waxseal_ticket_keys" is used, but'),
            ("waxseal_acme_thumbprint k;", "is used, but"),
            ("waxseal_certificates a; waxseal_certificates a;", "duplicate"),
            ("waxseal_ticket_keys a; waxseal_ticket_keys a;", "duplicate"),
            ("waxseal_default_host a; waxseal_default_host a;", "duplicate"),
            ("waxseal_certificates '';", "has an empty path"),
            ("waxseal_certificates c cache=0;", "must be between 1 and"),
            ("waxseal_certificates c cache=x;", "must be between 1 and"),
            ("waxseal_certificates c size=1;", 'invalid parameter "size=1"'),
            ("waxseal_tls on;", 'invalid value "on"'),
            ("waxseal_hsts soon;", "invalid value"),
            (TLS % (PAIR + "waxseal_tls fallback;"),
             '"waxseal_certificates" is not specified'),
            ("waxseal_certificates c;" + TLS % (PAIR + "waxseal_tls reject;"),
             "cannot be used with variables in")):
        said = refusal(http)
        assert said is not None, http
        assert reason in said, (http, said)


def test_ticket_keys_of_two_owners_are_refused():
    edge = edge_with()
    try:
        (edge.folder / "key").write_bytes(bytes(80))
        text = (edge.folder / "nginx.conf").read_text()
        edge.configure(text.replace("waxseal_tls ", "ssl_session_ticket_key "
                                    f"{edge.folder}/key; waxseal_tls "))
        accepted, said = edge.test_configuration()
        assert not accepted
        assert 'cannot be used with "ssl_session_ticket_key"' in said, said
    finally:
        edge.stop()


if __name__ == "__main__":
    sys.exit(run_tests({name: test for name, test in globals().items()
                        if getattr(test, "__module__", "") == __name__})())
