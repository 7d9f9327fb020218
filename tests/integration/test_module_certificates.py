#!/usr/bin/python3
"""Certificates of tracking hosts, chosen in the handshake: hosts known and
unknown, files that are wrong, generations that change, workers that die."""
import os
import signal
import ssl
import subprocess
import sys
import threading
import time

from edge import PATIENCE, USER, Domain, compile_tool, mint, run_tests
from tls_edge import TlsEdge

ONE = Domain(401, certificate=7)
TWO = Domain(402, certificate=7)
BARE = Domain(403)  # known, without a certificate
LOST = Domain(404, certificate=3)  # without a file
URL = "https://example.com/landing"
HOSTS = {"one.example": ONE, "two.example": TWO, "bare.example": BARE}
VERSIONS = ("-tls1_2", "-tls1_3")
HANDSHAKE_FAILURE = "40"


def change(edge, host, domain, generation):
    """What the worker does: the file first, then the entry of the host."""
    edge.change_table(f"host {host} "
                      f"{Domain(domain.number, certificate=generation).words()}")


def test_each_host_shows_its_own_certificate():
    with TlsEdge(HOSTS) as edge:
        for version in VERSIONS:
            for name in ("one.example", "two.example"):
                assert edge.openssl(name, version) == (f"CN = {name}", True)
            for name in ("ONE.Example", "one.example."):
                assert edge.openssl(name, version)[0] == "CN = one.example"
        metrics = edge.metrics()
        assert metrics["waxseal_certificates_loaded_total"] == 2
        assert metrics["waxseal_certificates_cached_total"] == 6
        assert metrics["waxseal_certificates_failed_total"] == 0


def test_hosts_without_a_certificate_get_the_fallback():
    with TlsEdge(HOSTS) as edge:
        for version in VERSIONS:
            for name in ("unknown.example", "bare.example", None, "x" * 200,
                         "..", "../certs/one.example"):
                assert edge.openssl(name, version) == ("CN = fallback", False)
        assert edge.metrics()["waxseal_certificates_absent_total"] == 12


def test_hosts_without_a_certificate_can_be_rejected():
    edge = TlsEdge({**HOSTS, "lost.example": LOST}, mode="reject")
    edge.path("lost.example", 3).unlink()
    with edge:
        for version in VERSIONS:
            for name in ("unknown.example", "bare.example", "lost.example",
                         None):
                assert edge.openssl(name, version)[0] == HANDSHAKE_FAILURE
            assert edge.openssl("one.example", version)[1]
        assert "[crit]" not in edge.log()


def test_a_server_can_keep_its_own_certificate():
    own = """
        server { listen 127.0.0.1:%d ssl; server_name one.example;
            ssl_certificate @DIR@/fallback.pem; waxseal_tls off;
            ssl_certificate_key @DIR@/fallback.key;
            location / { waxseal_tracking; } }"""
    edge = TlsEdge(HOSTS)
    edge.configure((edge.folder / "nginx.conf").read_text()[:-2]
                   + (own % edge.tls_port).replace("@DIR@", str(edge.folder))
                   + "}\n")
    with edge:
        assert edge.openssl("one.example")[0] == "CN = fallback"
        assert edge.openssl("two.example") == ("CN = two.example", True)


def test_no_client_is_shown_a_fallback_of_another_kind():
    """the fallback has an RSA key, which an old client might prefer"""
    with TlsEdge(HOSTS) as edge:
        arguments = ("-tls1_2", "-cipher", "aRSA")
        assert edge.openssl("one.example", *arguments)[0] == HANDSHAKE_FAILURE
        assert edge.openssl("bare.example", *arguments)[0] == "CN = fallback"


# ---- files that are wrong ----

def broken_files(edge):
    """{host: why its file cannot be used}"""
    good = edge.path("one.example", 7).read_bytes()
    other = edge.path("two.example", 7).read_bytes()

    def put(host, data):
        edge.put(edge.path(host, 3), data)
    put("torn.example", good[:-20])
    put("empty.example", b"")
    put("noise.example", os.urandom(900))
    put("large.example", good + bytes(65536))
    put("other.example", other)
    edge.certify("wrong.example", 3, name="elsewhere.example")
    put("key.example", foreign_key(edge))
    for name in ("fifo.example", "folder.example"):
        edge.path(name, 3).unlink()
    os.mkfifo(edge.path("fifo.example", 3))
    edge.path("folder.example", 3).mkdir()
    put("secret.example", good)
    edge.path("secret.example", 3).chmod(0)
    return {"lost.example": "cannot be read", "torn.example": "malformed",
            "empty.example": "malformed", "noise.example": "malformed",
            "large.example": "too long", "other.example": "for another host",
            "wrong.example": "for another host", "key.example": "another one's",
            "fifo.example": "malformed", "folder.example": "malformed",
            "secret.example": "cannot be read"}


def foreign_key(edge):
    """A certificate with the key of another one, its checksum right."""
    edge.certify("key.example", 1)
    edge.certify("key.example", 2)
    first, second = (edge.path("key.example", n).read_bytes() for n in (1, 2))
    length = int.from_bytes(first[8:12], "little")
    assert length == int.from_bytes(second[8:12], "little")
    body = first[:16] + second[16:16 + length] + first[16 + length:-4]
    return body + crc32c(body).to_bytes(4, "little")


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def test_files_that_are_wrong():
    names = ("lost", "torn", "empty", "noise", "large", "other", "wrong", "key",
             "fifo", "folder", "secret")
    edge = TlsEdge({**HOSTS, **{f"{name}.example": LOST for name in names}})
    files = broken_files(edge)
    edge.path("lost.example", 3).unlink()
    with edge:
        for host, reason in files.items():
            assert edge.openssl(host)[0] == "CN = fallback", host
            line, = [line for line in edge.log().splitlines()
                     if f'"{host}" cannot be used' in line]
            assert reason in line and "[error]" in line, line
        failed = edge.metrics()["waxseal_certificates_failed_total"]
        assert failed >= len(files)
        # no disk at each handshake, and no log
        start, context = time.monotonic(), edge.context(verify=False)
        for host in list(files)[:3] * 20:
            edge.connect(host, context).close()
        looks = 1 + (time.monotonic() - start) // 5
        assert edge.metrics()["waxseal_certificates_failed_total"] \
            <= failed + 3 * looks
        assert edge.log().count("cannot be used") == len(files)

        # a file that comes later is found without another generation
        edge.certify("lost.example", 3)
        edge.wait(lambda: edge.openssl("lost.example")[1], limit=10)
        assert edge.log().count("cannot be used") == len(files)
        assert edge.openssl("one.example")[1]


def test_a_bad_renewal_leaves_the_former_certificate():
    with TlsEdge(HOSTS) as edge:
        before = edge.serial("one.example")
        change(edge, "one.example", ONE, 8)
        for _ in range(3):
            assert edge.serial("one.example") == before
        assert edge.log().count("the former one stays in use") == 1
        edge.certify("one.example", 9)
        change(edge, "one.example", ONE, 9)
        assert edge.serial("one.example") != before


# ---- changes while it serves ----

def test_generations_change_under_load():
    edge = TlsEdge(HOSTS, workers=2)
    serials, failures, stop = [], [], threading.Event()
    order = []  # serial numbers as they came into force

    def knock(version):
        while not stop.is_set():
            started = len(order)
            try:
                serial = edge.serial("one.example", edge.context(version))
            except OSError as error:
                failures.append(error)
                continue
            serials.append((started, serial))
    with edge:
        order.append(edge.serial("one.example"))
        clients = [threading.Thread(target=knock, args=[version], daemon=True)
                   for version in (ssl.TLSVersion.TLSv1_2,
                                   ssl.TLSVersion.TLSv1_3)]
        for client in clients:
            client.start()
        pid = edge.process.pid, edge.workers()
        for generation in range(8, 20):
            edge.certify("one.example", generation)
            change(edge, "one.example", ONE, generation)
            order.append(edge.serial("one.example"))
            edge.path("one.example", generation - 1).unlink()
            seen = len(serials)
            edge.wait(lambda: failures or len(serials) >= seen + 2)
        stop.set()
        for client in clients:
            client.join(30)
        assert failures == []
        assert len(set(order)) == len(order) == 13
        for started, serial in serials:  # never one that was replaced before
            assert order.index(serial) >= started - 1
        assert pid == (edge.process.pid, edge.workers())


def test_the_cache_is_bounded():
    hosts = {f"h{i}.example": Domain(500 + i, certificate=1) for i in range(5)}
    with TlsEdge(hosts, cache=2) as edge:
        def knock(*order):
            before = edge.metrics()["waxseal_certificates_loaded_total"]
            for i in order:
                assert edge.serial(f"h{i}.example")
            return edge.metrics()["waxseal_certificates_loaded_total"] - before
        assert knock(0, 1, 2, 3, 4) == 5
        assert knock(4, 3, 4, 3) == 0
        assert knock(0) == 1  # 4 was used before 3: it goes
        assert knock(3, 0) == 0
        assert knock(4) == 1


def test_certificates_outlive_reload_and_crash():
    with TlsEdge(HOSTS, workers=2) as edge:
        serial = edge.serial("one.example")
        for number in (signal.SIGHUP, signal.SIGKILL):
            before = edge.workers()
            if number == signal.SIGKILL:
                edge.expected_alerts = ("exited on signal 9",)
                for worker in before:
                    os.kill(worker, number)
            else:
                edge.process.send_signal(number)
            edge.wait(lambda: len(edge.workers()) == 2
                      and not set(before) & set(edge.workers()))
            assert edge.serial("one.example") == serial
            assert edge.openssl("unknown.example")[0] == "CN = fallback"


def test_certificates_outlive_a_binary_upgrade():
    edge = TlsEdge(HOSTS)
    configuration = (edge.folder / "nginx.conf").read_text()
    # nginx does that only when it is no child of its starter
    edge.configure(configuration.replace("daemon off", "daemon on"))
    pid_file = edge.folder / "nginx.pid"

    def pid():
        try:  # nginx renames it in between
            return int(pid_file.read_text().strip() or 0)
        except FileNotFoundError:
            return 0
    subprocess.run(edge.command(), check=True, **USER, timeout=30 * PATIENCE,
                   env=edge.environment(), stderr=subprocess.DEVNULL)
    old = pid()
    new = 0
    try:
        serial = edge.serial("one.example")
        os.kill(old, signal.SIGUSR2)
        edge.wait(lambda: pid() not in (0, old))
        new = pid()
        os.kill(old, signal.SIGQUIT)
        edge.wait(lambda: not alive(old))
        assert edge.serial("one.example") == serial
        edge.certify("one.example", 8)
        change(edge, "one.example", ONE, 8)
        assert edge.serial("one.example") != serial
    finally:
        for process in (old, new):
            if process and alive(process):
                os.kill(process, signal.SIGQUIT)
                edge.wait(lambda: not alive(process))
        edge.stop()


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_links_work_over_it():
    with TlsEdge(HOSTS) as edge:
        response, _, _ = edge.tls_get("one.example", mint(ONE, url=URL))
        assert response.status == 302 and response["Location"] == URL
        # the certificate of one host opens no link of another
        response, _, _ = edge.tls_get("two.example", mint(ONE, url=URL))
        assert response.status == 404


def test_files_are_private():
    program = compile_tool("tool_certificates")
    edge = TlsEdge({"one.example": ONE})
    try:
        mode = edge.path("one.example", 7).stat().st_mode & 0o777
        assert mode == 0o640, oct(mode)
        refused = subprocess.run([program, edge.certs, edge.roots], text=True,
                                 input="../one.example 7 x 1\n",
                                 capture_output=True)
        assert refused.returncode != 0
        assert not (edge.folder / "one.example.7.bundle").exists()
    finally:
        edge.stop()


if __name__ == "__main__":
    sys.exit(run_tests(globals())())
