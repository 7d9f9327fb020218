#!/usr/bin/python3
"""The module through the life of a server: tables that come, go and break,
workers that die, journals that fail, reloads, TLS and HTTP/2, bad settings."""
import dataclasses
import os
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time

from edge import (KILLED, OFF, CONFIGURATION, HEAD, ROOT, TLS, Domain, Edge,
                  free_port, h2_frame, h2_frames, h2_headers, mint,
                  owned_by_nginx, request, run_tests, talk)

ONE = Domain(201)
TWO = Domain(202)
URL = "https://example.com/landing"
HOST_ONE = f"host links.example {ONE.words()}"
HOST_TWO = f"host second.example {TWO.words()}"
CLICK = mint(ONE, url=URL)
CLICK_TWO = mint(TWO, url=URL)


def is_redirect(response):
    return response.status == 302 and response["Location"] == URL


# ---- the lookup table ----

def test_changes_are_seen_by_the_next_request():
    edge = Edge()
    edge.make_table([HOST_ONE])
    with edge:
        for _ in range(5):
            path = mint(ONE, link_id=9)
            assert edge.get(path).status == 404
            edge.change_table(f"link 9 {ONE.number} 0 {URL}")
            assert is_redirect(edge.get(path))
            edge.change_table(f"link 9 {ONE.number} 1 {URL}")
            assert edge.get(path).status == 410
            edge.change_table("remove-link 9")
        edge.change_table(HOST_TWO)
        assert is_redirect(edge.get(CLICK_TWO, host="second.example"))
        edge.change_table("remove-host links.example")
        assert edge.get(CLICK).status == 404


def test_changes_of_hosts_are_seen_by_the_next_request():
    edge = Edge()
    edge.make_table([HOST_ONE])
    stopped = dataclasses.replace(ONE, flags=KILLED)
    with edge:
        for _ in range(5):
            assert is_redirect(edge.get(CLICK))
            edge.change_table(f"host links.example {stopped.words()}")
            assert edge.get(CLICK).status == 410
            edge.change_table(HOST_ONE)
            assert is_redirect(edge.get(CLICK))
            edge.change_table("remove-host links.example")
            assert edge.get(CLICK).status == 404
            edge.change_table(HOST_ONE)


def test_a_killed_writer_hides_no_change():
    """It left the count of changes odd: what was found is not kept."""
    edge = Edge()
    edge.make_table([HOST_ONE])
    with edge:
        assert is_redirect(edge.get(CLICK))
        with edge.table.open("r+b") as table:
            table.seek(216)
            count = struct.unpack("<Q", table.read(8))[0]
            assert count % 2 == 0 and count > 0
            table.seek(216)
            table.write(struct.pack("<Q", count + 1))
        for _ in range(3):
            assert is_redirect(edge.get(CLICK))
        edge.change_table("remove-host links.example")
        assert edge.get(CLICK).status == 404


def test_more_hosts_than_are_remembered():
    names = ["a" * length + ".example" for length in (1, 79, 80, 200)]
    names += [f"h{n}.example" for n in range(1200)]
    owners = {name: Domain(1000 + n) for n, name in enumerate(names)}
    edge = Edge()
    edge.make_table([f"host {name} {owner.words()}"
                     for name, owner in owners.items()])
    with edge:
        for _ in range(2):
            for name, owner in owners.items():
                path = mint(owner, url=URL)
                assert is_redirect(edge.get(path, host=name)), name
                if name == names[0]:
                    other = path
            assert edge.get(other, host=names[1]).status == 404


def test_new_table_is_seen_by_the_next_request():
    edge = Edge()
    edge.make_table([HOST_ONE])
    with edge:
        for generation in range(2, 12, 2):
            assert is_redirect(edge.get(CLICK))
            edge.make_table([HOST_TWO], generation)
            assert edge.get(CLICK).status == 404
            assert is_redirect(edge.get(CLICK_TWO, host="second.example"))
            assert edge.metrics()["waxseal_table_generation"] == generation
            edge.make_table([HOST_ONE], generation + 1)
        assert edge.metrics()["waxseal_table_opened_total"] == 11
        assert edge.metrics()["waxseal_table_failed_total"] == 0


def test_former_tables_are_unmapped():
    edge = Edge()
    edge.make_table([HOST_ONE])
    with edge:
        for generation in range(2, 5):
            edge.make_table([HOST_ONE], generation, url_bytes=8 << 20)
            assert is_redirect(edge.get(CLICK))
        edge.make_table([HOST_ONE], 5)
        assert is_redirect(edge.get(CLICK))
        worker, = edge.workers()

        def mappings():
            with open(f"/proc/{worker}/maps", encoding="ascii") as maps:
                return [line for line in maps if str(edge.table) in line]
        edge.wait(lambda: len(mappings()) == 1, limit=5)


def test_tables_change_under_load():
    edge = Edge(workers=2)
    edge.make_table([HOST_ONE])
    failures, stop = [], threading.Event()

    def click():
        while not stop.is_set():
            response = edge.get(CLICK)
            if not is_redirect(response):
                failures.append(response)
    with edge:
        clients = [threading.Thread(target=click) for _ in range(4)]
        for client in clients:
            client.start()
        for generation in range(2, 32):
            edge.make_table([HOST_ONE, HOST_TWO], generation)
        stop.set()
        for client in clients:
            client.join(30)
        assert failures == []
        assert len(edge.events()) > 0


def test_table_that_appears_later():
    edge = Edge()
    with edge:
        response = edge.get(CLICK)
        assert response.status == 404
        assert response.body == b"unknown tracking host\n"
        for _ in range(20):
            edge.get(CLICK)
        assert edge.log().count("cannot be opened") == 1, edge.log()
        edge.make_table([HOST_ONE])
        edge.wait(lambda: is_redirect(edge.get(CLICK)), limit=3)
        assert edge.metrics()["waxseal_table_failed_total"] < 10


def replace_table(edge, content):
    new = edge.folder / "table.replacement"
    new.write_bytes(content)
    owned_by_nginx(new)
    new.rename(edge.table)


def test_broken_table_leaves_the_good_one_in_use():
    edge = Edge()
    edge.make_table([HOST_ONE])
    good = edge.table.read_bytes()
    with edge:
        for broken in (b"", b"WXTABLE2", b"\xff" * 8192, good[:-4096],
                       good[:4096], b"\0" * len(good)):
            failed = edge.metrics()["waxseal_table_failed_total"]
            replace_table(edge, broken)
            edge.wait(lambda: edge.get(CLICK).status != 302 or edge.metrics()
                      ["waxseal_table_failed_total"] > failed, limit=3)
            assert is_redirect(edge.get(CLICK))
        assert edge.log().count("the former one stays in use") == 1, edge.log()
        replace_table(edge, good)
        opened = edge.metrics()["waxseal_table_opened_total"]
        edge.wait(lambda: edge.metrics()["waxseal_table_opened_total"]
                  > opened, limit=3)
        assert is_redirect(edge.get(CLICK))


def test_removed_table_stays_in_use():
    edge = Edge()
    edge.make_table([HOST_ONE])
    with edge:
        assert is_redirect(edge.get(CLICK))
        edge.table.unlink()
        for _ in range(12):
            assert is_redirect(edge.get(CLICK))
            time.sleep(0.1)


def test_broken_table_at_start():
    edge = Edge()
    edge.table.write_bytes(b"WXTABLE2" + b"\xff" * 9000)
    owned_by_nginx(edge.table)
    with edge:
        assert edge.get(CLICK).status == 404
        assert "malformed" in edge.log()
        edge.table.unlink()
        edge.make_table([HOST_ONE])
        edge.wait(lambda: is_redirect(edge.get(CLICK)), limit=3)


def test_table_replaced_by_an_unannounced_file():
    edge = Edge()
    edge.make_table([HOST_TWO])
    content = edge.table.read_bytes()
    edge.table.unlink()
    edge.make_table([HOST_ONE])
    with edge:
        assert is_redirect(edge.get(CLICK))
        replace_table(edge, content)
        edge.wait(lambda: is_redirect(edge.get(CLICK_TWO,
                                               host="second.example")), limit=3)


def test_more_keys_than_a_worker_keeps():
    every = ",".join(str(key_id) for key_id in range(256))
    domains = [Domain(300 + i, keys=every) for i in range(8)]
    edge = Edge(journal=None)
    edge.make_table([" ".join(["host links.example",
                               *(domain.words() for domain in domains)])])
    paths = [mint(domain, url=URL, key_id=key_id)
             for key_id in range(256) for domain in domains]
    data = "".join(f"GET {path} HTTP/1.1\r\nHost: links.example\r\n\r\n"
                   for path in paths[:900]).encode()
    with edge:
        for _ in range(2):
            assert all(map(is_redirect, talk(edge.port, data, count=900)))
        for path in paths[900::7] + paths[:900:50]:
            assert is_redirect(edge.get(path))


# ---- the journal ----

def test_killed_worker_loses_no_event():
    edge = Edge(expected_alerts=["exited on signal 9"])
    edge.make_table([HOST_ONE])
    with edge:
        for life in range(3):
            worker, = edge.workers()
            for index in range(100):
                path = mint(ONE, url=URL, index=100 * life + index)
                assert is_redirect(edge.get(path))
            os.kill(worker, signal.SIGKILL)
            edge.wait(lambda: edge.workers() not in ([], [worker]))
        events = edge.events()
        assert sorted(e["link_index"] for e in events) == list(range(300))
        assert len({e["writer"] for e in events}) == 3
        assert list(edge.segments().values()) == [True] * 3
        for writer in {e["writer"] for e in events}:
            numbers = [e["sequence"] for e in events if e["writer"] == writer]
            assert numbers == list(range(1, 101))


def test_segments_follow_one_another():
    edge = Edge(journal="journal segment=8k")
    edge.make_table([HOST_ONE])
    with edge:
        for index in range(200):
            edge.get(mint(ONE, url=URL + "?" + "x" * 900, index=index))
        events = edge.events()
        assert [e["link_index"] for e in events] == list(range(200))
        assert len(list(edge.journal.glob("*.wxj"))) > 20


def test_no_segment_before_the_first_event():
    edge = Edge()
    edge.make_table([HOST_ONE])
    with edge:
        edge.get("/c/bad")
        assert list(edge.journal.iterdir()) == []
        edge.get(CLICK)
        segment, = edge.journal.iterdir()
        assert segment.stat().st_size == 16 << 20


def test_reload_seals_the_journal_and_keeps_the_counters():
    edge = Edge(workers=2)
    edge.make_table([HOST_ONE])
    with edge:
        edge.get(CLICK)
        (segment, finished), = edge.segments().items()
        assert not finished
        before = set(edge.workers())
        edge.process.send_signal(signal.SIGHUP)
        edge.wait(lambda: not before & set(edge.workers())
                  and len(edge.workers()) == 2)
        sealed_end = struct.unpack_from(
            "<Q", (edge.journal / segment).read_bytes(), 192)[0]
        assert sealed_end > 4096 and edge.segments() == {segment: True}
        assert is_redirect(edge.get(CLICK))
        assert edge.metrics()["waxseal_events_recorded_total"] == 2
        assert len(edge.events()) == 2


def test_failing_journal_never_stops_a_redirect():
    edge = Edge()
    edge.make_table([HOST_ONE])
    edge.journal.rmdir()
    with edge:
        for _ in range(5):
            assert is_redirect(edge.get(CLICK))
            assert edge.get(mint(ONE, "o")).status == 200
        metrics = edge.metrics()
        assert metrics["waxseal_events_dropped_total"] == 10
        assert metrics["waxseal_events_recorded_total"] == 0
        assert edge.log().count("events are dropped") == 1, edge.log()
        edge.journal.mkdir()
        owned_by_nginx(edge.journal)

        def recorded():
            assert is_redirect(edge.get(CLICK))
            return edge.metrics()["waxseal_events_recorded_total"] > 0
        edge.wait(recorded, limit=4)
        dropped = edge.metrics()["waxseal_events_dropped_total"]
        assert edge.events()[0]["sequence"] == dropped + 1
        assert f"{dropped} events were dropped" in edge.log()


def test_unwritable_journal_never_stops_a_redirect():
    edge = Edge()
    edge.make_table([HOST_ONE])
    edge.journal.chmod(0o500)
    with edge:
        assert is_redirect(edge.get(CLICK))
        assert edge.metrics()["waxseal_events_dropped_total"] == 1


def test_unsubscribing_fails_unless_it_is_recorded():
    """It is of no use then, and who asked comes again."""
    edge = Edge()
    edge.make_table([HOST_ONE])
    edge.journal.chmod(0o500)
    path = mint(ONE, "u", mode=OFF, message_id=bytes(range(16)))
    with edge:
        assert edge.get(path).status == 200
        response = edge.get(path, method="POST")
        assert (response.status, response.body) == (503, b"try again later\n")
        edge.journal.chmod(0o755)
        edge.wait(lambda: edge.get(path, method="POST").status == 200, limit=4)
        event = edge.events()[-1]
        assert event["type"] == "u"
        assert edge.metrics()['waxseal_requests_total{event="unsubscribe",'
                              'result="failed"}'] > 0


def test_without_a_journal_nothing_is_recorded():
    edge = Edge(journal=None)
    edge.make_table([HOST_ONE])
    with edge:
        assert is_redirect(edge.get(CLICK))
        metrics = edge.metrics()
        assert metrics["waxseal_events_dropped_total"] == 0
        assert metrics["waxseal_events_recorded_total"] == 0
        assert list(edge.journal.iterdir()) == []


# ---- TLS and HTTP/2 ----

TLS_SERVER = """
    server {
        listen 127.0.0.1:%d ssl http2;
        ssl_certificate @DIR@/cert.pem;
        ssl_certificate_key @DIR@/key.pem;
        location / { waxseal_tracking; }
    }
"""


def start_tls_edge():
    port = free_port()
    edge = Edge(servers=TLS_SERVER % port)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=links.example", "-keyout", "key.pem",
                    "-out", "cert.pem"], cwd=edge.folder, check=True,
                   capture_output=True)
    for name in ("key.pem", "cert.pem"):
        owned_by_nginx(edge.folder / name)
    edge.make_table([HOST_ONE])
    return edge, port


def tls_connect(port, protocol):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols([protocol])
    raw = socket.create_connection(("127.0.0.1", port), 10)
    return context.wrap_socket(raw, server_hostname="links.example")


def test_tls():
    edge, port = start_tls_edge()
    with edge, tls_connect(port, "http/1.1") as connection:
        connection.sendall(b"GET /favicon.ico HTTP/1.1\r\n"
                           b"Host: links.example\r\n\r\n"
                           b"GET %b HTTP/1.1\r\nHost: links.example\r\n"
                           b"Connection: close\r\n\r\n" % CLICK.encode())
        with connection.makefile("rb") as stream:
            text = stream.read()
        assert b"X-Waxseal-Request-Protocol: https\r\n" in text
        assert b"X-Waxseal-Region: us-east-1\r\n" in text
        assert f"\r\nLocation: {URL}\r\n".encode() in text
        event, = edge.events()
        assert event["flags"] == TLS


def test_http_2_redirect_is_one_frame():
    data, headers, end_stream, end_headers = 0, 1, 1, 4
    edge, port = start_tls_edge()
    with edge, tls_connect(port, "h2") as connection:
        assert connection.selected_alpn_protocol() == "h2"
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
                           + h2_frame(4, 0, 0))
        for stream_id, method in ((1, b"GET"), (3, b"HEAD")):
            connection.sendall(h2_frame(
                headers, end_stream | end_headers, stream_id, h2_headers(
                    (b":method", method), (b":scheme", b"https"),
                    (b":authority", b"links.example"),
                    (b":path", CLICK.encode()))))
            with connection.makefile("rb") as stream:
                for kind, flags, number, _ in h2_frames(stream):
                    assert kind != data
                    if number == stream_id and kind == headers:
                        break
            assert flags & end_stream and flags & end_headers
        assert [e["flags"] for e in edge.events()] == [TLS, TLS | HEAD]


# ---- settings ----

TRACKING = "server { location / { waxseal_tracking; } }"


def refusal(http):
    """What nginx -t says to these lines in the http block; None = nothing."""
    edge = Edge()
    try:
        head = CONFIGURATION.split("waxseal_table")[0]
        edge.configure(head.format(folder=edge.folder, workers=1)
                       + http + "\n}\n")
        accepted, said = edge.test_configuration()
        assert list(edge.journal.iterdir()) == []
        assert "Sanitizer" not in said, said
        return None if accepted else said
    finally:
        edge.stop()


def test_good_settings_are_accepted():
    for http in ("waxseal_table t; " + TRACKING,
                 "waxseal_table t; waxseal_journal journal;",
                 "waxseal_table t; waxseal_journal j segment=8k;",
                 "waxseal_table t; waxseal_journal j segment=1024m;",
                 "waxseal_journal j;",
                 "waxseal_region eu-west-1; waxseal_protocol $scheme;",
                 "waxseal_table t; server { waxseal_region a; location / "
                 "{ waxseal_region b; waxseal_protocol https; } }"):
        said = refusal(http)
        assert said is None, (http, said)


def test_bad_settings_are_refused_with_a_reason():
    for http, reason in (
            (TRACKING, '"waxseal_tracking" is used, but "waxseal_table" is '
             "not specified"),
            ("server { location / { waxseal_status; } }",
             '"waxseal_status" is used, but "waxseal_table" is not'),
            ("waxseal_table a; waxseal_table a;",
             '"waxseal_table" directive is duplicate'),
            ("waxseal_table '';", '"waxseal_table" directive has an empty'),
            ("waxseal_journal '';", '"waxseal_journal" directive has an empty'),
            ("waxseal_journal a; waxseal_journal b;",
             '"waxseal_journal" directive is duplicate'),
            ("waxseal_journal /" + "j" * 600 + ";", "path that is too long"),
            ("waxseal_journal a segment=4k;", "must be between 8k and 1024m"),
            ("waxseal_journal a segment=1025m;", "must be between 8k and"),
            ("waxseal_journal a segment=x;", "invalid segment size"),
            ("waxseal_journal a segment=;", "invalid segment size"),
            ("waxseal_journal a size=8k;", 'invalid parameter "size=8k"'),
            ("waxseal_region 'a b';", 'invalid region "a b"'),
            ("waxseal_region '';", 'invalid region ""'),
            ("waxseal_region a; waxseal_region b;",
             '"waxseal_region" directive is duplicate'),
            ("waxseal_protocol a; waxseal_protocol b;",
             '"waxseal_protocol" directive is duplicate'),
            ("waxseal_protocol $unknown_variable;", "unknown"),
            ("waxseal_table t; server { location / { waxseal_tracking; "
             "waxseal_tracking; } }", '"waxseal_tracking" directive is dup'),
            ("waxseal_table t; server { location / { waxseal_tracking; "
             "waxseal_status; } }", "conflicts with another handler"),
            ("waxseal_table t; server { waxseal_tracking; }",
             '"waxseal_tracking" directive is not allowed here'),
            ("server { waxseal_table t; }",
             '"waxseal_table" directive is not allowed here')):
        said = refusal(http)
        assert said is not None, http
        assert reason in said, (http, said)


def test_status_refuses_other_methods():
    edge = Edge()
    edge.make_table([HOST_ONE])
    with edge:
        assert request(edge.status_port, "/status", method="POST").status == 405
        response = request(edge.status_port, "/status", method="HEAD")
        assert response.status == 200 and int(response["Content-Length"]) > 1000


if __name__ == "__main__":
    sys.exit(run_tests(globals())())
