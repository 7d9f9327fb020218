#!/usr/bin/python3
"""The module in a real nginx: every answer and what is recorded of it."""
import secrets
import sys
import time

from edge import (AGENT_CUT, ANONYMOUS, CLICKS, DELETED, FULL, GPC, HEAD,
                  KILLED, OFF, OPENS, PREFETCH, PSEUDONYMOUS, TABLE, TLS,
                  Domain, Edge, mint, run_tests, talk)

ONE = Domain(101)
NEW_OWNER = Domain(102)
OLD_OWNER = Domain(103)
SILENT = Domain(104, flags=0)
STOPPED = Domain(105, flags=OPENS | CLICKS | KILLED)
GONE = Domain(106, flags=OPENS | CLICKS | DELETED)
CLICKS_ONLY = Domain(107, flags=CLICKS)

LONG = "https://shop.example/" + "p" * 1950
TABLE_URL = "http://Shop.example/a%2Fb?x=%00%0d%0a&y=%C3%A4#frag%23ment"
HOSTS = (
    ("links.example", [ONE]),
    ("shared.example", [NEW_OWNER, OLD_OWNER]),
    ("silent.example", [SILENT]),
    ("stopped.example", [STOPPED]),
    ("gone.example", [GONE]),
    ("clicks.example", [CLICKS_ONLY]),
)
LINES = [*(f"host {host} " + " ".join(d.words() for d in domains)
           for host, domains in HOSTS),
         f"link 1 101 0 {TABLE_URL}",
         "link 2 101 1 https://killed.example/",
         "link 3 102 0 https://other.example/",
         f"link 4 101 0 {LONG}",
         "applied 77"]

URL = "https://www.example.com/path?a=b&c=d%2Fe#top"
GIF_LOGICAL_SCREEN = b"GIF89a\x01\x00\x01\x00"


def message_id():
    return secrets.token_bytes(16)


def check_private(response):
    assert response["Cache-Control"] == "private, no-store"
    assert response["X-Robots-Tag"] == "noindex"
    assert response["Last-Modified"] is None and response["ETag"] is None


def check_pixel(response):
    assert response.status == 200, response
    assert response["Content-Type"] == "image/gif"
    assert len(response.body) in (42, 43)
    assert response.body.startswith(GIF_LOGICAL_SCREEN)
    assert response.body.endswith(b"\x3b")
    check_private(response)
    assert response["Accept-Ranges"] is None


def check_redirect(response, url):
    assert response.status == 302, response
    assert response["Location"] == url, response["Location"]
    assert response["Content-Length"] == "0"
    assert response.body == b""
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["Content-Type"] is None
    check_private(response)


def check_refused(edge, status, path, **options):
    edge.new_events()
    response = edge.get(path, **options)
    assert response.status == status, response
    assert response["Location"] is None
    assert response["Content-Type"] == "text/plain"
    check_private(response)
    assert edge.new_events() == []
    return response


def one_event(edge):
    events = edge.new_events()
    assert len(events) == 1, events
    return events[0]


# ---- clicks ----

def test_signed_click_redirects_to_the_exact_bytes(edge):
    for url in (URL, "http://a.example", "https://A.example:8443/%2F%2f//..//x",
                "https://user:pa%40ss@h.example/?q=%C3%A4+%20&r={b}|c\"<>",
                "https://[2001:db8::1]/x#y#z", "https://www.a.example/",
                "https://h.example/" + "x" * 1400):
        check_redirect(edge.get(mint(ONE, url=url)), url)


def test_table_click_redirects_to_the_exact_bytes(edge):
    check_redirect(edge.get(mint(ONE, link_id=1)), TABLE_URL)
    check_redirect(edge.get(mint(ONE, link_id=4)), LONG)


def test_click_is_recorded_whole(edge):
    ident = message_id()
    edge.new_events()
    start = time.time() * 1000
    edge.get(mint(ONE, url=URL, message_id=ident, index=300),
             headers=["User-Agent: Mozilla/5.0 \"x\"",
                      "X-Test-Address: 192.0.2.55"])
    event = one_event(edge)
    assert abs(event["time_ms"] - start) < 5000
    assert event["type"] == "c" and event["mode"] == FULL
    assert event["flags"] == 0 and event["domain"] == 101
    assert event["message_id"] == ident.hex()
    assert event["address"] == "0" * 20 + "ffff" + "c0000237"
    assert event["link_index"] == 300 and event["link_id"] == 0
    assert event["destination"] == URL
    assert event["agent"] == "Mozilla/5.0 \"x\""


def test_table_click_is_recorded_by_its_link_id(edge):
    edge.new_events()
    edge.get(mint(ONE, link_id=1, index=2))
    event = one_event(edge)
    assert event["flags"] == TABLE and event["link_id"] == 1
    assert event["destination"] == "" and event["link_index"] == 2


def test_query_and_referer_do_not_matter(edge):
    check_redirect(edge.get(mint(ONE, url=URL) + "?utm_source=x"), URL)


def test_changed_token_is_refused(edge):
    path = mint(ONE, url=URL)
    flipped = path[:20] + ("A" if path[20] != "A" else "B") + path[21:]
    last = path[:-2] + ("A" if path[-2] != "A" else "B") + path[-1]
    for bad in (flipped, last, path[:-1], path[:-14], path + "A", path + "=",
                path + "/", path + ".", path[:30] + "%2B" + path[31:],
                path[:30] + "%0a" + path[31:], "/c/", "/c/A", "/c/////",
                "/c/" + "A" * 5000, "/c/" + "%F0%9F" * 40,
                "/c/" + path[3:].swapcase()):
        check_refused(edge, 404, bad)


def test_every_truncation_is_refused(edge):
    path = mint(ONE, url="https://a.example/")
    for end in range(3, len(path)):
        assert edge.get(path[:end]).status == 404, end


def test_foreign_token_is_refused(edge):
    check_refused(edge, 404, mint(NEW_OWNER, url=URL))
    check_refused(edge, 404, mint(Domain(999), url=URL))
    check_refused(edge, 404, mint(ONE, url=URL), host="shared.example")


def test_open_token_is_no_click_token(edge):
    check_refused(edge, 404, "/c/" + mint(ONE, "o")[3:])
    edge.new_events()
    check_pixel(edge.get("/o/" + mint(ONE, url=URL)[3:]))
    assert edge.new_events() == []


def test_revoked_key_is_refused(edge):
    check_redirect(edge.get(mint(ONE, url=URL, key_id=2)), URL)
    check_refused(edge, 404, mint(ONE, url=URL, key_id=3))
    check_refused(edge, 404, mint(ONE, url=URL, key_id=255))


def test_expiry(edge):
    now = int(time.time())
    check_redirect(edge.get(mint(ONE, url=URL, expires=now + 600)), URL)
    check_refused(edge, 410, mint(ONE, url=URL, expires=now - 5))
    edge.new_events()
    check_pixel(edge.get(mint(ONE, "o", expires=now - 5)))
    assert edge.new_events() == []


def test_table_link_of_another_domain_is_refused(edge):
    check_refused(edge, 404, mint(ONE, link_id=3))
    check_redirect(edge.get(mint(NEW_OWNER, link_id=3), host="shared.example"),
                   "https://other.example/")


def test_missing_table_link_is_refused(edge):
    check_refused(edge, 404, mint(ONE, link_id=4711))


def test_killed(edge):
    check_refused(edge, 410, mint(ONE, link_id=2))
    check_refused(edge, 410, mint(STOPPED, url=URL), host="stopped.example")
    edge.new_events()
    check_pixel(edge.get(mint(STOPPED, "o"), host="stopped.example"))
    assert edge.new_events() == []


def test_killed_message(edge):
    ident, other = message_id(), message_id()
    click = mint(ONE, url=URL, message_id=ident)
    table = mint(ONE, link_id=1, message_id=ident)
    pixel = mint(ONE, "o", message_id=ident)

    def works():
        edge.new_events()
        check_redirect(edge.get(click), URL)
        check_redirect(edge.get(table), TABLE_URL)
        check_pixel(edge.get(pixel))
        assert len(edge.new_events()) == 3

    works()
    edge.change_table(f"kill {ident.hex()} {ONE.number}")
    for path in (click, table, mint(ONE, url=URL, message_id=ident, mode=OFF)):
        check_refused(edge, 410, path)
    edge.new_events()
    check_pixel(edge.get(pixel))
    assert edge.new_events() == []
    check_redirect(edge.get(mint(ONE, url=URL, message_id=other)), URL)
    check_redirect(edge.get(mint(NEW_OWNER, url=URL, message_id=ident),
                            host="shared.example"), URL)
    edge.change_table(f"kill {ident.hex()} 0")
    check_refused(edge, 410, mint(NEW_OWNER, url=URL, message_id=ident),
                  host="shared.example")
    edge.change_table(f"revive {ident.hex()}")
    works()


def test_deleted_domain_redirects_unrecorded(edge):
    edge.new_events()
    check_redirect(edge.get(mint(GONE, url=URL), host="gone.example"), URL)
    check_pixel(edge.get(mint(GONE, "o"), host="gone.example"))
    assert edge.new_events() == []


def test_recording_follows_the_domain(edge):
    edge.new_events()
    check_redirect(edge.get(mint(SILENT, url=URL), host="silent.example"), URL)
    check_pixel(edge.get(mint(SILENT, "o"), host="silent.example"))
    check_pixel(edge.get(mint(CLICKS_ONLY, "o"), host="clicks.example"))
    assert edge.new_events() == []
    check_redirect(edge.get(mint(CLICKS_ONLY, url=URL), host="clicks.example"),
                   URL)
    assert one_event(edge)["domain"] == 107


def test_former_owner_of_a_host_keeps_his_links(edge):
    edge.new_events()
    for domain in (NEW_OWNER, OLD_OWNER):
        path = mint(domain, url=URL)
        check_redirect(edge.get(path, host="shared.example"), URL)
        assert one_event(edge)["domain"] == domain.number


# ---- opens and the favicon ----

def test_open(edge):
    ident = message_id()
    edge.new_events()
    check_pixel(edge.get(mint(ONE, "o", message_id=ident),
                         headers=["User-Agent: mail"]))
    event = one_event(edge)
    assert event["type"] == "o" and event["message_id"] == ident.hex()
    assert event["agent"] == "mail" and event["destination"] == ""


def test_pixel_ignores_conditions_and_ranges(edge):
    for header in ("If-Match: \"x\"", "If-None-Match: *", "Range: bytes=0-3",
                   "If-Modified-Since: Mon, 28 Sep 2037 06:00:00 GMT",
                   "If-Unmodified-Since: Mon, 28 Sep 1970 06:00:00 GMT"):
        check_pixel(edge.get(mint(ONE, "o"), headers=[header]))


def test_bad_open_is_a_pixel_and_no_event(edge):
    edge.new_events()
    for path in ("/o/", "/o/x", mint(ONE, "o")[:-1], mint(NEW_OWNER, "o")):
        check_pixel(edge.get(path))
    assert edge.new_events() == []


def test_favicon(edge):
    response = edge.get("/favicon.ico")
    check_pixel(response)
    assert response["X-Waxseal-Region"] == "eu-west-1"
    assert response["X-Waxseal-Request-Protocol"] == "http"
    response = edge.get("/favicon.ico", headers=["X-Forwarded-Proto: HTTPS"])
    assert response["X-Waxseal-Request-Protocol"] == "https"
    response = edge.get("/favicon.ico", headers=["X-Forwarded-Proto: gopher"])
    assert response["X-Waxseal-Request-Protocol"] == "http"


def test_nothing_else_is_served(edge):
    for path in ("/", "/c", "/x/abc", "/favicon.ico/", "/u/abc", "/C/abc"):
        check_refused(edge, 404, path)


# ---- hosts ----

def test_unknown_host(edge):
    for path in (mint(ONE, url=URL), mint(ONE, "o"), "/favicon.ico", "/"):
        response = check_refused(edge, 404, path, host="nobody.example")
        assert response.body == b"unknown tracking host\n"


def test_spellings_of_the_host(edge):
    path = mint(ONE, url=URL)
    for host in ("LINKS.Example", "links.example:8080", "links.example."):
        check_redirect(edge.get(path, host=host), URL)


def test_absolute_form(edge):
    path = mint(ONE, url=URL)
    for host in ("links.example", "nobody.example"):
        data = (f"GET http://links.example{path} HTTP/1.1\r\n"
                f"Host: {host}\r\nConnection: close\r\n\r\n").encode()
        check_redirect(talk(edge.port, data), URL)


def test_http_1_0(edge):
    path = mint(ONE, url=URL)
    data = f"GET {path} HTTP/1.0\r\nHost: links.example\r\n\r\n".encode()
    check_redirect(talk(edge.port, data), URL)
    response = talk(edge.port, f"GET {path} HTTP/1.0\r\n\r\n".encode())
    assert response.status == 404


# ---- methods and bodies ----

def test_head_is_answered_alike_and_recorded_as_head(edge):
    edge.new_events()
    check_redirect(edge.get(mint(ONE, url=URL), method="HEAD"), URL)
    assert one_event(edge)["flags"] == HEAD
    response = edge.get(mint(ONE, "o"), method="HEAD")
    assert response.status == 200 and response["Content-Type"] == "image/gif"
    assert response["Content-Length"] in ("42", "43")
    assert one_event(edge)["flags"] == HEAD


def test_other_methods_are_refused(edge):
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"):
        for path in (mint(ONE, url=URL), mint(ONE, "o"), "/favicon.ico"):
            response = check_refused(edge, 405, path, method=method)
            assert response["Allow"] == "GET, HEAD"


def test_body_does_not_become_the_next_request(edge):
    path = mint(ONE, url=URL)
    body = b"GET /evil HTTP/1.1\r\nHost: links.example\r\n\r\n"
    for method in (b"GET", b"POST"):
        data = (method + f" {path} HTTP/1.1\r\nHost: links.example\r\n"
                f"Content-Length: {len(body)}\r\n\r\n".encode() + body +
                f"GET {mint(ONE, link_id=1)} HTTP/1.1\r\n"
                "Host: links.example\r\n\r\n".encode())
        first, second = talk(edge.port, data, count=2)
        assert first.status == (302 if method == b"GET" else 405)
        check_redirect(second, TABLE_URL)


def test_pipelined_requests(edge):
    edge.new_events()
    data = "".join(f"GET {mint(ONE, url=f'https://a.example/{i}', index=i)} "
                   "HTTP/1.1\r\nHost: links.example\r\n\r\n"
                   for i in range(50)).encode()
    for i, response in enumerate(talk(edge.port, data, count=50)):
        check_redirect(response, f"https://a.example/{i}")
    assert [e["link_index"] for e in edge.new_events()] == list(range(50))


def test_internal_redirect_is_not_recorded(edge):
    # /inner/ hands over to a valid click by error_page
    edge.new_events()
    check_redirect(edge.get("/inner/"), URL)
    assert edge.new_events() == []


# ---- privacy ----

def test_off_mode_redirects_unrecorded(edge):
    edge.new_events()
    check_redirect(edge.get(mint(ONE, url=URL, mode=OFF)), URL)
    check_pixel(edge.get(mint(ONE, "o", mode=OFF)))
    assert edge.new_events() == []


def check_anonymous(event):
    assert event["mode"] == ANONYMOUS
    assert event["message_id"] == "0" * 32
    assert event["address"] == "0" * 32
    assert event["agent"] == ""


def test_anonymous_mode_keeps_nobody(edge):
    edge.new_events()
    edge.get(mint(ONE, url=URL, mode=ANONYMOUS, message_id=message_id()),
             headers=["User-Agent: x" + "y" * 300])
    event = one_event(edge)
    check_anonymous(event)
    assert event["destination"] == URL and event["flags"] == 0


def test_pseudonymous_mode_truncates_the_address(edge):
    edge.new_events()
    ident = message_id()
    for address, kept in (
            ("192.0.2.55", "0" * 20 + "ffff" + "c0000200"),
            ("2001:db8:1:ff02:3:4:5:6", "20010db80001" + "0" * 20),
            ("::ffff:192.0.2.55", "0" * 20 + "ffff" + "c0000200")):
        edge.get(mint(ONE, "o", mode=PSEUDONYMOUS, message_id=ident),
                 headers=["User-Agent: x", f"X-Test-Address: {address}"])
        event = one_event(edge)
        assert event["mode"] == PSEUDONYMOUS
        assert event["message_id"] == ident.hex()
        assert event["address"] == kept, (address, event["address"])
        assert event["agent"] == "x"


def test_full_mode_keeps_an_ipv6_address(edge):
    edge.new_events()
    edge.get(mint(ONE, "o"), headers=["X-Test-Address: 2001:db8:1:2:3:4:5:6"])
    assert one_event(edge)["address"] == "20010db8000100020003000400050006"


def test_gpc_lowers_any_mode_to_anonymous(edge):
    edge.new_events()
    for mode in (ANONYMOUS, PSEUDONYMOUS, FULL):
        check_redirect(edge.get(mint(ONE, url=URL, mode=mode,
                                     message_id=message_id()),
                                headers=["sec-gpc: 1", "User-Agent: x"]), URL)
        event = one_event(edge)
        check_anonymous(event)
        assert event["flags"] == GPC
    edge.get(mint(ONE, url=URL, mode=OFF), headers=["Sec-GPC: 1"])
    assert edge.new_events() == []
    edge.get(mint(ONE, url=URL), headers=["Sec-GPC: 0"])
    assert one_event(edge)["flags"] == 0


def test_prefetch_is_recorded_as_such(edge):
    edge.new_events()
    for header in ("Purpose: prefetch", "Sec-Purpose: prefetch;prerender",
                   "X-Purpose: Preview", "X-Moz: prefetch",
                   "Sec-Purpose: x, prerender"):
        check_redirect(edge.get(mint(ONE, url=URL), headers=[header]), URL)
        assert one_event(edge)["flags"] == PREFETCH, header
    for header in ("Purpose: navigate", "Sec-Purpose:", "X-Mozz: prefetch"):
        edge.get(mint(ONE, url=URL), headers=[header])
        assert one_event(edge)["flags"] == 0, header


def test_forwarded_protocol_is_recorded(edge):
    edge.new_events()
    edge.get(mint(ONE, url=URL), headers=["X-Forwarded-Proto: https"])
    assert one_event(edge)["flags"] == TLS


def test_long_agent_is_cut(edge):
    edge.new_events()
    for length, flags in ((256, 0), (257, AGENT_CUT), (900, AGENT_CUT)):
        edge.get(mint(ONE, url=LONG[:1500]),
                 headers=["User-Agent: " + "a" * length])
        event = one_event(edge)
        assert event["agent"] == "a" * 256 and event["flags"] == flags


# ---- what the operator sees ----

def last_log_line(edge, path, **options):
    edge.get(path, **options)
    edge.metrics()  # is answered after the line was written, and not logged
    return (edge.folder / "access.log").read_text().splitlines()[-1]


def test_variables(edge):
    """6.2 item 12: in the access log, after the content handler"""
    click, pixel = mint(ONE, url=URL), mint(ONE, "o")
    for path, host, line in (
            (click, "links.example", "click 101 ok unknown"),
            (pixel, "links.example", "open 101 ok unknown"),
            ("/favicon.ico", "links.example", "favicon - ok -"),
            ("/c/abc", "links.example", "click - bad_token -"),
            ("/o/abc", "links.example", "open - bad_token -"),
            (click, "nobody.example", "click - unknown_host -"),
            (mint(ONE, url=URL, expires=1), "links.example",
             "click 101 expired -"),
            (mint(ONE, link_id=2), "links.example", "click 101 killed -"),
            (mint(ONE, link_id=99), "links.example", "click 101 not_found -"),
            (mint(ONE, url=URL, mode=OFF), "links.example", "click 101 ok -"),
            (mint(GONE, url=URL), "gone.example", "click 106 ok -"),
            ("/inner/", "links.example", "click 101 ok -"),
            ("/", "links.example", "- - not_found -")):
        assert last_log_line(edge, path, host=host) == line, line
    assert last_log_line(edge, click, method="HEAD") \
        == "click 101 ok machine"
    assert last_log_line(edge, pixel, headers=["Purpose: prefetch"]) \
        == "open 101 ok machine"
    assert last_log_line(edge, click, method="POST") == "click - bad_method -"


def test_status_counts(edge):
    before = edge.metrics()
    edge.get(mint(ONE, url=URL))
    edge.get(mint(ONE, "o"))
    edge.get("/c/abc")
    edge.get("/o/abc")
    edge.get("/favicon.ico", host="nobody.example")
    after = edge.metrics()
    grown = {name: after[name] - before[name] for name in after
             if after[name] != before[name] and "worker=" not in name}
    size = grown.pop("waxseal_journal_bytes_total")
    assert size > 160 and size % 8 == 0
    requests = "waxseal_requests_total"
    assert grown == {
        f'{requests}{{event="click",result="ok"}}': 1,
        f'{requests}{{event="open",result="ok"}}': 1,
        f'{requests}{{event="click",result="bad_token"}}': 1,
        f'{requests}{{event="open",result="bad_token"}}': 1,
        f'{requests}{{event="favicon",result="unknown_host"}}': 1,
        "waxseal_events_recorded_total": 2}, grown
    assert after["waxseal_table_entries"] == len(HOSTS) + 2 * 4
    assert after["waxseal_table_generation"] == 1
    assert after["waxseal_table_applied"] == 77
    assert 4096 < after["waxseal_table_bytes"]
    assert after["waxseal_table_bytes"] <= after["waxseal_table_size_bytes"]


if __name__ == "__main__":
    shared = Edge(inner=mint(ONE, url=URL))
    shared.make_table(LINES)
    with shared:
        outcome = run_tests(globals(), shared)
    sys.exit(outcome())
