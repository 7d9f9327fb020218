#!/usr/bin/python3
"""The module among the rest of nginx: subrequests, internal redirects, other
modules' settings, client addresses, processes and files. Numbers are those of
the pitfalls that a test guards against: 1.x request handling, 2.x process and
configuration."""
import contextlib
import http.client
import os
import pathlib
import re
import shutil
import signal
import socket
import sys
import time

from edge import (ROOT, SANITIZED, TABLE, VALGRIND, Domain,
                  Edge, free_port, mint, request, run_tests, talk)

ONE = Domain(101)
URL = "https://www.example.com/path?a=b&c=d%2Fe#top"
CLICK, PIXEL = mint(ONE, url=URL), mint(ONE, "o")
LINES = [f"host links.example {ONE.words()}",
         "link 1 101 0 https://table.example/"]
O_CLOEXEC = 0o2000000


@contextlib.contextmanager
def edge_with(servers, **options):
    """An edge with these further lines in the http block; @PORT@ in them
    becomes a free port."""
    port = free_port()
    edge = Edge(servers=servers.replace("@PORT@", str(port)), **options)
    pages = edge.folder / "pages"
    pages.mkdir()
    (pages / "page.html").write_text(
        f'<!--# include virtual="{CLICK}" --><!--# include virtual="{PIXEL}" '
        '-->seen')
    if ROOT:
        for path in (pages, *pages.iterdir()):
            shutil.chown(path, "www-data", "www-data")
    edge.make_table(LINES)
    with edge:
        yield edge, port


def works(edge, port):
    edge.new_events()
    response = request(port, CLICK)
    assert response.status == 302 and response["Location"] == URL, response
    event, = edge.new_events()
    return event


# ---- subrequests and internal redirects ----

SUBREQUESTS = """
    server {
        listen 127.0.0.1:@PORT@;
        root @DIR@/pages;
        location / { waxseal_tracking; }
        location = /page.html { ssi on; }
        location = /mirrored { mirror %(click)s; mirror %(pixel)s;
                               alias @DIR@/pages/page.html; }
        location = /allowed { auth_request %(pixel)s;
                              alias @DIR@/pages/page.html; }
        location = /refused { auth_request %(click)s;
                              alias @DIR@/pages/page.html; }
        location = /after { post_action %(click)s;
                            alias @DIR@/pages/page.html; }
        location = /error { error_page 404 = %(click)s; return 404; }
        location = /error/pixel { error_page 404 = %(pixel)s; return 404; }
        location = /tried { try_files /nothing %(click)s; }
        location /named/ { error_page 404 = @tracking; return 404; }
        location @tracking { waxseal_tracking; }
        location /rewritten/ { rewrite ^/rewritten(/.*) $1 last; }
    }
""" % {"click": CLICK, "pixel": PIXEL}


def test_subrequests_record_nothing():
    """1.10: ssi, mirror, auth_request and post_action"""
    with edge_with(SUBREQUESTS) as (edge, port):
        works(edge, port)
        page = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        page.request("GET", "/page.html", headers={"Host": "links.example"})
        assert b"seen" in page.getresponse().read()
        page.close()
        for path, status in (("/mirrored", 200), ("/allowed", 200),
                             ("/refused", 500), ("/after", 200)):
            assert request(port, path).status == status, path
        time.sleep(0.2)
        assert edge.new_events() == []
        lines = (edge.folder / "access.log").read_text().splitlines()
        assert "machine" not in "".join(lines)
        works(edge, port)


def test_internal_redirects_record_nothing():
    """1.10: error_page, try_files, a named location"""
    with edge_with(SUBREQUESTS) as (edge, port):
        edge.new_events()
        for path in ("/error", "/tried"):
            response = request(port, path)
            assert response.status == 302 and response["Location"] == URL
        response = request(port, "/error/pixel")
        assert response.status == 200 and response.body[:3] == b"GIF"
        assert request(port, "/named" + CLICK).status == 404
        assert edge.new_events() == []


def test_rewritten_path_is_internal():
    """1.7, 1.10: nginx marks a request whose path a rewrite changed as
    internal; it is answered like the others, and recorded no more than they"""
    with edge_with(SUBREQUESTS) as (edge, port):
        edge.new_events()
        response = request(port, "/rewritten" + CLICK)
        assert response.status == 302 and response["Location"] == URL
        assert edge.new_events() == []


# ---- other modules ----

OTHERS = """
    server {
        listen 127.0.0.1:@PORT@;
        error_page 302 404 405 410 500 503 = /page.html;
        recursive_error_pages on;
        add_header X-Frame-Options DENY always;
        expires 1h;
        etag on;
        gzip on;
        gzip_min_length 0;
        gzip_types *;
        msie_refresh on;
        absolute_redirect on;
        port_in_redirect on;
        server_name_in_redirect on;
        root @DIR@/pages;
        location / { waxseal_tracking; }
        location = /page.html { }
    }
"""


def test_answers_are_the_module_s_own():
    """1.5, 1.6, 1.9, 1.12: no error page, no rewritten Location, a body only
    where there is one, and no-store whatever `expires` adds"""
    with edge_with(OTHERS) as (edge, port):
        agent = "User-Agent: Mozilla/4.0 (compatible; MSIE 6.0)"
        for path, status, method in (
                (CLICK, 302, "GET"), (CLICK, 302, "HEAD"), (PIXEL, 200, "GET"),
                ("/c/x", 404, "GET"), (CLICK, 405, "POST"), ("/", 404, "GET"),
                (mint(ONE, url=URL, expires=1), 410, "GET")):
            response = request(port, path, method=method,
                               headers=["Accept-Encoding: gzip", agent])
            assert response.status == status, (path, response)
            assert b"seen" not in response.body
            assert response["X-Frame-Options"] == "DENY"
            caching = [value for name, value in response.headers
                       if name == "Cache-Control"]
            assert "private, no-store" in caching, response
            if status == 302:
                assert response["Location"] == URL
                assert response.body == b""
                assert response["Refresh"] is None


MAPPED = """
    map "$waxseal_event $waxseal_result $waxseal_verdict $waxseal_domain"
        $kept {
        "click ok unknown 101" 1;
        default 0;
    }
    server {
        listen 127.0.0.1:@PORT@;
        access_log @DIR@/kept.log combined if=$kept;
        location / { waxseal_tracking; }
        location = /other { return 200 "[$waxseal_event$waxseal_verdict]"; }
        location = /early {
            set $early $waxseal_result;
            rewrite ^ %s break;
            waxseal_tracking;
        }
    }
""" % CLICK


def test_variables_in_other_places():
    """2.12: map and if= see what the handler found; empty elsewhere"""
    with edge_with(MAPPED) as (edge, port):
        for path, method in ((CLICK, "GET"), (CLICK, "HEAD"), (PIXEL, "GET"),
                             ("/c/x", "GET"), ("/early", "GET")):
            request(port, path, method=method)
        request(port, CLICK)
        assert request(port, "/other").body == b"[]"
        log = edge.folder / "kept.log"
        edge.wait(lambda: log.read_text().count("\n") == 2)
        assert log.read_text().count("GET ") == 2


# ---- client addresses ----

ADDRESSES = """
    server {
        listen 127.0.0.1:@PORT@;
        location / { waxseal_tracking; }
        %s
    }
"""


def address(text):
    """As the journal has it."""
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    packed = socket.inet_pton(family, text)
    return ((b"" if ":" in text else b"\0" * 10 + b"\xff\xff") + packed).hex()


def recorded_address(settings, *headers):
    with edge_with(ADDRESSES % settings) as (edge, port):
        edge.new_events()
        assert request(port, CLICK, headers=headers).status == 302
        event, = edge.new_events()
        return event["address"]


def test_forwarded_address_only_from_the_trusted_list():
    """1.11"""
    forged = ("X-Forwarded-For: 203.0.113.9", "X-Real-IP: 203.0.113.9",
              "Forwarded: for=203.0.113.9", "CF-Connecting-IP: 203.0.113.9",
              "True-Client-IP: 203.0.113.9")
    own = address("127.0.0.1")
    assert recorded_address("", *forged) == own
    assert recorded_address("real_ip_header X-Forwarded-For;", *forged) == own
    elsewhere = "real_ip_header X-Forwarded-For; set_real_ip_from 192.0.2.0/24;"
    assert recorded_address(elsewhere, *forged) == own
    trusted = elsewhere + "set_real_ip_from 127.0.0.0/8;"
    assert recorded_address(trusted, *forged) == address("203.0.113.9")
    # the last one is what the trusted proxy saw
    several = "X-Forwarded-For: 198.51.100.1, 203.0.113.9, 192.0.2.7"
    assert recorded_address(trusted, several) == address("192.0.2.7")
    assert recorded_address(trusted + "real_ip_recursive on;", several) \
        == address("203.0.113.9")
    assert recorded_address(trusted, "X-Forwarded-For: 2001:db8::5") \
        == address("2001:db8::5")
    for nonsense in ("x", "", "203.0.113.9.9", "unix:"):
        assert recorded_address(trusted, f"X-Forwarded-For: {nonsense}") == own


PROXY_PROTOCOL = """
    server {
        listen 127.0.0.1:@PORT@ proxy_protocol;
        location / { waxseal_tracking; }
        %s
    }
"""


def test_proxy_protocol():
    """1.11: alone it changes no address, real_ip_header proxy_protocol does"""
    data = (f"PROXY TCP4 203.0.113.5 192.0.2.1 1234 80\r\nGET {CLICK} HTTP/1.1"
            "\r\nHost: links.example\r\nConnection: close\r\n\r\n").encode()
    trust = "real_ip_header proxy_protocol; set_real_ip_from 127.0.0.1;"
    for settings, expected in (("", "127.0.0.1"), (trust, "203.0.113.5")):
        with edge_with(PROXY_PROTOCOL % settings) as (edge, port):
            # the server answers no plain connection
            assert talk(port, data).status == 302
            event, = edge.events()
            assert event["address"] == address(expected)


UNIX = """
    server { listen unix:@DIR@/socket; location / { waxseal_tracking; } }
"""


def test_unix_socket_has_no_address():
    with edge_with(UNIX) as (edge, _):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(edge.folder / "socket"))
            connection.sendall(f"GET {CLICK} HTTP/1.0\r\nHost: links.example"
                               "\r\n\r\n".encode())
            assert connection.recv(99).startswith(b"HTTP/1.1 302")
        event, = edge.events()
        assert event["address"] == "0" * 32


# ---- settings ----

INHERITED = """
    waxseal_region http-region;
    waxseal_protocol https;
    server {
        listen 127.0.0.1:@PORT@;
        server_name links.example;
        location / { waxseal_tracking; }
    }
    server {
        listen 127.0.0.1:@PORT@;
        server_name second.example;
        waxseal_region server-region;
        waxseal_protocol http;
        location / { waxseal_tracking; }
        location = /favicon.ico { waxseal_tracking;
            waxseal_region location-region; waxseal_protocol $arg_p; }
    }
"""


def test_settings_are_inherited_and_overridden():
    """2.6"""
    with edge_with(INHERITED) as (edge, port):
        edge.change_table(f"host second.example {ONE.words()}")
        for host, path, region, protocol in (
                ("links.example", "/favicon.ico", "http-region", "https"),
                ("second.example", "/favicon.ico?p=https", "location-region",
                 "https"),
                ("second.example", "/favicon.ico", "location-region", "http")):
            response = request(port, path, host=host)
            assert response["X-Waxseal-Region"] == region, response
            assert response["X-Waxseal-Request-Protocol"] == protocol


def test_configuration_test_touches_nothing():
    """2.1: nginx -t beside the one that runs"""
    with edge_with("") as (edge, _):
        works(edge, edge.port)
        segments, metrics = sorted(edge.journal.iterdir()), edge.metrics()
        for _ in range(3):
            accepted, said = edge.test_configuration()
            assert accepted, said
        assert sorted(edge.journal.iterdir()) == segments
        assert edge.metrics() == metrics
        works(edge, edge.port)


def test_reload_takes_over_other_settings():
    """2.7, 2.8: no setting of the former configuration stays in use"""
    with edge_with("") as (edge, _):
        works(edge, edge.port)
        text = (edge.folder / "nginx.conf").read_text()
        other = edge.folder / "other-journal"
        other.mkdir()
        edge.table.rename(edge.folder / "other-table")
        edge.configure(text.replace(f"{edge.folder}/table;",
                                    f"{edge.folder}/other-table;")
                       .replace(f"{edge.folder}/journal;", f"{other};")
                       .replace("eu-west-1", "eu-west-9"))
        for _ in range(4):
            before = set(edge.workers())
            edge.process.send_signal(signal.SIGHUP)
            edge.wait(lambda: edge.workers() and
                      not before & set(edge.workers()))
            assert edge.get(CLICK).status == 302
            assert edge.get("/favicon.ico")["X-Waxseal-Region"] == "eu-west-9"
        assert len(edge.events()) == 1
        assert len(list(other.iterdir())) == 4
        edge.configure(re.sub("waxseal_journal[^;]*;", "", text)
                       .replace("/table;", "/other-table;"))
        before = set(edge.workers())
        edge.process.send_signal(signal.SIGHUP)
        edge.wait(lambda: edge.workers() and not before & set(edge.workers()))
        recorded = edge.metrics()["waxseal_events_recorded_total"]
        assert edge.get(CLICK).status == 302
        assert edge.metrics()["waxseal_events_recorded_total"] == recorded
        assert len(list(other.iterdir())) == 4


# ---- processes and files ----

CACHE = """
    proxy_cache_path @DIR@/cache keys_zone=cache:1m loader_sleep=5s
        manager_sleep=200;
"""


def descriptors(pid):
    found = {}
    for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            found[entry.name] = os.readlink(entry)
    return found


def test_only_workers_open_anything():
    """2.2: not the cache manager, not the master"""
    with edge_with(CACHE) as (edge, _):
        works(edge, edge.port)
        owners = []
        for pid in (edge.process.pid, *edge.workers()):
            maps = pathlib.Path(f"/proc/{pid}/maps").read_text()
            files = descriptors(pid).values()
            uses = str(edge.table) in maps
            assert uses == any(".wxj" in name for name in files)
            owners += [pid] * uses
        assert len(owners) == 1 and len(edge.workers()) >= 2


def test_files_are_closed_on_exec():
    """2.11, and no descriptor is left behind by tables that come and go"""
    with edge_with("") as (edge, _):
        works(edge, edge.port)
        worker, = edge.workers()

        def files():
            return sorted(name for name in descriptors(worker).values()
                          if not name.startswith("socket:"))
        before = files()
        for generation in range(2, 12):
            edge.make_table(LINES, generation)
            works(edge, edge.port)
        assert files() == before
        journal, = [number for number, name in descriptors(worker).items()
                    if name.endswith(".wxj")]
        info = pathlib.Path(f"/proc/{worker}/fdinfo/{journal}").read_text()
        flags = int(re.search(r"flags:\s*(\d+)", info).group(1), 8)
        assert flags & O_CLOEXEC
        assert str(edge.table) not in descriptors(worker).values()


def test_orphaned_workers_serve_on():
    """2.4: the master is killed"""
    with edge_with("") as (edge, _):
        works(edge, edge.port)
        worker, = edge.workers()
        edge.process.kill()
        edge.process.wait()
        try:
            for _ in range(20):
                works(edge, edge.port)
            assert edge.get(PIXEL).status == 200
        finally:
            os.kill(worker, signal.SIGQUIT)
        edge.wait(lambda: not pathlib.Path(f"/proc/{worker}").exists())
        (_, finished), = edge.segments().items()
        assert finished


class TracedEdge(Edge):
    def command(self):
        # the tracer is the grandchild: the process is nginx as ever
        return ["strace", "-D", "-f", "-qq", "-ttt", "-o",
                f"{self.folder}/strace", *super().command()]


ALLOWED = {"epoll_wait", "accept4", "recvfrom", "writev", "write", "close",
           "epoll_ctl", "setsockopt", "ioctl", "stat", "newfstatat", "sendto",
           "shutdown"}


def test_requests_wait_for_nothing():
    """2.10, 2.13: the system calls of a worker that serves are nginx's own,
    plus a look at its files from time to time"""
    if SANITIZED or VALGRIND:
        return  # these make system calls of their own
    edge = TracedEdge()
    edge.make_table(LINES)
    with edge:
        worker, = edge.workers()
        table = mint(ONE, link_id=1)
        for path in (CLICK, PIXEL, table, "/favicon.ico", "/c/x"):
            edge.get(path)
        trace = edge.folder / "strace"
        time.sleep(0.3)
        start = len(trace.read_text().splitlines())
        for _ in range(60):
            for path in (CLICK, PIXEL, table, "/favicon.ico", "/c/x"):
                edge.get(path)
        assert [e["flags"] for e in edge.new_events()][-3:] == [0, 0, TABLE]
        time.sleep(0.3)
        lines = [line.split(None, 2)[2]
                 for line in trace.read_text().splitlines()[start:]
                 if line.split()[0] == str(worker)]
        calls = {re.match(r"(?:<\.\.\. )?(\w+)", line).group(1)
                 for line in lines}
        assert "writev" in calls and calls <= ALLOWED, calls - ALLOWED
        looks = [line for line in lines if str(edge.table) in line]
        assert len(looks) <= 20, looks


if __name__ == "__main__":
    sys.exit(run_tests(globals())())
