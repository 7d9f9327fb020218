#!/usr/bin/python3
"""TLS session tickets: keys that all workers share and that rotate while they
serve, and sessions that never lead to another host's certificate."""
import os
import signal
import ssl
import subprocess
import sys
import time

from edge import ROOT, Domain, owned_by_nginx, run_tests
from tls_edge import TlsEdge

ONE = Domain(411, certificate=7)
TWO = Domain(412, certificate=7)
HOSTS = {"one.example": ONE, "two.example": TWO}
VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)


def key():
    return os.urandom(80)


def rotate(edge, *keys):
    """Puts keys in place and waits until each worker has read them."""
    before = edge.metrics()["waxseal_ticket_keys_loaded_total"]
    edge.put(edge.certs / "tickets", b"".join(keys))
    edge.wait(lambda: edge.metrics()["waxseal_ticket_keys_loaded_total"]
              >= before + len(edge.workers()), limit=5)


def start(edge, version, host="one.example"):
    """(context, session) of a full handshake"""
    context = edge.context(version)
    response, reused, session = edge.tls_get(host, "/favicon.ico", context)
    assert response.status == 200 and not reused
    return context, session


def resumes(edge, context, session, host="one.example"):
    response, reused, _ = edge.tls_get(host, "/favicon.ico", context, session)
    assert response.status == 200
    return reused


def test_sessions_outlive_rotation():
    with TlsEdge(HOSTS, workers=2) as edge:
        first, second, third, fourth = (key() for _ in range(4))
        for version in VERSIONS:
            rotate(edge, first)
            context, session = start(edge, version)
            assert resumes(edge, context, session)
            rotate(edge, second, first)
            assert resumes(edge, context, session)
            newer = start(edge, version)
            rotate(edge, third, second)  # the first one is gone
            assert not resumes(edge, context, session)
            assert resumes(edge, *newer)
            rotate(edge, fourth)
            assert not resumes(edge, *newer)
        assert edge.metrics()["waxseal_ticket_keys_failed_total"] == 0


def test_a_ticket_of_an_old_key_is_renewed():
    with TlsEdge(HOSTS) as edge:
        first, second = key(), key()
        for version in VERSIONS:
            rotate(edge, first)
            context, session = start(edge, version)
            rotate(edge, second, first)
            _, reused, renewed = edge.tls_get("one.example", "/favicon.ico",
                                              context, session)
            assert reused
            rotate(edge, second)
            assert resumes(edge, context, renewed)
            assert not resumes(edge, context, session)


def shares(edge):
    """Requests that each worker has answered."""
    return [value for name, value in sorted(edge.metrics().items())
            if name.startswith("waxseal_worker_requests_total")
            and 'result="ok"' in name]


def test_sessions_work_with_every_worker():
    with TlsEdge(HOSTS, workers=2, listen="reuseport") as edge:
        for keys in (None, [key()]):  # without a file there is one key, too
            if keys:
                rotate(edge, *keys)
            for version in VERSIONS:
                context, session = start(edge, version)
                before = shares(edge)
                for attempt in range(100):
                    assert resumes(edge, context, session)
                    if all(a < b for a, b in zip(before, shares(edge))):
                        break
                assert attempt < 99 and len(before) == 2


def test_sessions_outlive_reload():
    with TlsEdge(HOSTS) as edge:
        rotate(edge, key())
        sessions = [start(edge, version) for version in VERSIONS]
        before = edge.workers()
        edge.process.send_signal(signal.SIGHUP)
        edge.wait(lambda: edge.workers()
                  and not set(before) & set(edge.workers()))
        for context, session in sessions:
            assert resumes(edge, context, session)


def test_files_that_are_no_keys():
    with TlsEdge(HOSTS) as edge:
        good, path = key(), edge.certs / "tickets"
        rotate(edge, good)
        context, session = start(edge, VERSIONS[1])
        bad = (b"", b"x" * 79, os.urandom(80 * 9), good + good)
        for number, data in enumerate(bad, 1):
            edge.put(path, data)
            edge.wait(lambda: edge.metrics()["waxseal_ticket_keys_failed_total"]
                      == number, limit=5)
            assert resumes(edge, context, session)
        time.sleep(0.5)  # one look more
        assert edge.log().count("the former ones stay in use") == len(bad)
        path.unlink()
        time.sleep(0.5)
        assert resumes(edge, context, session)
        # readable again: nothing but its permissions changes
        fresh = key()
        edge.put(path.with_name("prepared"), fresh)
        path.with_name("prepared").chmod(0)
        path.with_name("prepared").rename(path)
        edge.wait(lambda: edge.metrics()["waxseal_ticket_keys_failed_total"]
                  == len(bad) + 1, limit=5)
        path.chmod(0o640)
        if ROOT:
            owned_by_nginx(path)
        edge.wait(lambda: not resumes(edge, context, session), limit=5)


def test_a_forged_ticket_is_no_session():
    with TlsEdge(HOSTS) as edge:
        rotate(edge, key())
        session = edge.folder / "session.pem"
        for version in ("-tls1_2", "-tls1_3"):
            def client(*arguments):
                said = subprocess.run(
                    ["openssl", "s_client", "-connect",
                     f"127.0.0.1:{edge.tls_port}", "-servername", "one.example",
                     version, "-ign_eof", *arguments], text=True,
                    capture_output=True,
                    input="GET / HTTP/1.0\r\nHost: one.example\r\n\r\n")
                return said.stdout
            assert "New, " in client("-sess_out", session)
            assert "Reused, " in client("-sess_in", session)
            damage(session)
            assert "New, " in client("-sess_in", session)


def damage(path):
    """Changes a byte in the middle of the ticket that a session holds."""
    der = subprocess.run(["openssl", "sess_id", "-in", path, "-outform", "DER"],
                         check=True, capture_output=True).stdout
    at = der.rindex(b"\xaa\x81") + 60  # [10] ticket, of 128 bytes and more
    der = der[:at] + bytes([der[at] ^ 1]) + der[at + 1:]
    path.write_bytes(subprocess.run(
        ["openssl", "sess_id", "-inform", "DER", "-out", "/dev/stdout"],
        check=True, capture_output=True, input=der).stdout)


def test_a_session_belongs_to_its_host():
    """A client that offers the session of one host to another one"""
    with TlsEdge(HOSTS) as edge:
        rotate(edge, key())
        for version in VERSIONS:
            context, session = start(edge, version)
            assert not resumes(edge, context, session, "two.example")
            with edge.connect("two.example", context, session) as connection:
                subject = connection.getpeercert()["subjectAltName"]
                assert subject == (("DNS", "two.example"),)


if __name__ == "__main__":
    sys.exit(run_tests(globals())())
