"""Domains are checked by the real worker against two real NSDs, found through
a real unbound: what is right is verified, what is wrong is named, and what
nobody answers changes nothing."""
import base64
import datetime
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import uuid

sys.path.insert(0, os.path.dirname(__file__))
from stack import (BUILD, free_port, own_root, run_tests, temporary_folder,
                   wait_for)

NS1, NS2 = "127.0.0.2", "127.0.0.3"
KEY = base64.b64encode(bytes(range(37)) * 8)[:392].decode()
DKIM = f"v=DKIM1; k=rsa; p={KEY}"
SPF = "v=spf1 include:_spf.waxseal.example ~all"
BOUNCE = "bounce.waxseal.example"
TARGET = "links.waxseal.example"


class NameServer:
    """An NSD at one address whose zones can be changed, broken or silenced."""

    def __init__(self, folder, address, port):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.address, self.port = address, port
        self.zones, self.process = {}, None
        self.minimal = False  # leaves out what was not asked for

    def serve(self, **zones):
        """zones: name (with _ for .) = lines, or None for a broken zone."""
        self.zones.update({k.replace("_", "."): v for k, v in zones.items()})
        self.restart()

    def restart(self):
        self.stop()
        config = [f"""server:
  ip-address: {self.address}@{self.port}
  zonesdir: "{self.folder}"
  database: ""
  pidfile: "{self.folder}/pid"
  zonelistfile: "{self.folder}/list"
  xfrdfile: "{self.folder}/xfrd"
  xfrdir: "{self.folder}"
  username: ""
  server-count: 1
  rrl-ratelimit: 0
  minimal-responses: {"yes" if self.minimal else "no"}
remote-control:
  control-enable: no
"""]
        for name, text in self.zones.items():
            path = self.folder / name
            path.write_text("broken" if text is None else text)
            config.append(f"zone:\n  name: {name}\n  zonefile: {name}\n")
        (self.folder / "nsd.conf").write_text("".join(config))
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                ["/usr/sbin/nsd", "-d", "-c", str(self.folder / "nsd.conf")],
                stdout=log, stderr=log, start_new_session=True)
        wait_for("NSD", lambda: answers(self.address, self.port))

    def stop(self):
        if self.process:
            os.killpg(self.process.pid, signal.SIGCONT)
            self.process.terminate()
            self.process.wait(10)
            self.process = None

    def silence(self):
        os.killpg(self.process.pid, signal.SIGSTOP)

    def speak(self):
        os.killpg(self.process.pid, signal.SIGCONT)


def answers(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.5)
        try:
            sock.connect((address, port))
            sock.send(b"\x12\x34\x01\0\0\1\0\0\0\0\0\0\0\0\6\0\1")
            return sock.recv(512)[:2] == b"\x12\x34"
        except OSError:
            return False


class Resolver:
    """unbound, which knows where the test's zones are."""

    def __init__(self, folder, stubs):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.port = free_port()
        config = [f"""server:
  interface: 127.0.0.1
  port: {self.port}
  directory: "{self.folder}"
  chroot: ""
  username: ""
  pidfile: "{self.folder}/pid"
  use-syslog: no
  do-ip6: no
  do-not-query-localhost: no
  module-config: "iterator"
  cache-max-negative-ttl: 1
  infra-host-ttl: 1
remote-control:
  control-enable: no
{own_root(self.folder)}"""]
        for name, addresses in stubs.items():
            config.append(f"stub-zone:\n  name: {name}\n")
            config += [f"  stub-addr: {a}\n" for a in addresses]
        (self.folder / "conf").write_text("".join(config))
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                ["/usr/sbin/unbound", "-d", "-c", str(self.folder / "conf")],
                stdout=log, stderr=log)
        wait_for("unbound", lambda: answers("127.0.0.1", self.port))

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


class Bench:
    def __init__(self):
        self.folder = pathlib.Path(temporary_folder())
        self.port = free_port()
        self.ns1 = NameServer(self.folder / "ns1", NS1, self.port)
        self.ns2 = NameServer(self.folder / "ns2", NS2, self.port)
        both = [f"{NS1}@{self.port}", f"{NS2}@{self.port}"]
        self.resolver = Resolver(self.folder / "unbound", {
            "customer.example": both, "single.example": both[:1],
            "dead.example": ["127.0.0.9@9"], "waxseal.example": both[:1],
            "hosted.example": both[:1]})
        self.dir = self.folder / "state"
        self.worker = None
        self.domains = {}
        self.settings = {
            "WAXSEAL_DNS_RESOLVER": f"127.0.0.1:{self.resolver.port}",
            "WAXSEAL_DNS_PORT": str(self.port),
            "WAXSEAL_DNS_ALLOW_NS": "127.0.0.0/8 ::1",
            "WAXSEAL_DKIM_POOL": "1"}
        subprocess.run([str(BUILD / "bin/waxseal"), "init", "--dir",
                        str(self.dir)], check=True, env=self.environment(),
                       stdout=subprocess.DEVNULL)
        # with a connection open all the time no file of the database comes or
        # goes between a worker's end and the next one's start
        self.held = sqlite3.connect(self.dir / "control.db")
        self.held.execute("SELECT count(*) FROM domains").fetchone()
        # started as root, the state directory is an ordinary user's
        self.program = self.folder / "waxseal-worker"
        shutil.copy(BUILD / "bin/waxseal-worker", self.program)
        owner = self.dir.stat()
        self.user = {} if os.getuid() else dict(
            user=owner.st_uid, group=owner.st_gid, extra_groups=[])

    def environment(self, **more):
        return dict(os.environ, ASAN_OPTIONS="detect_leaks=0",
                    **dict(self.settings, **more))

    def start(self, window="60s", **more):
        self.stop_worker()
        intervals = {"WAXSEAL_VERIFY_WINDOW": window,
                     "WAXSEAL_VERIFY_MIN_INTERVAL": "200ms",
                     "WAXSEAL_VERIFY_MAX_INTERVAL": "500ms",
                     "WAXSEAL_VERIFY_WATCH_INTERVAL": "400ms",
                     "WAXSEAL_DNS_NS_RATE": "1000",
                     "WAXSEAL_DNS_NS_BURST": "1000"}
        with open(self.folder / "log", "ab") as log:
            self.worker = subprocess.Popen(
                [str(self.program), "--dir", str(self.dir)],
                env=self.environment(**dict(intervals, **more)),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, **self.user)

    def stop_worker(self):
        if self.worker:
            worker, self.worker = self.worker, None
            worker.terminate()
            assert worker.wait(15) == 0, self.log()

    def log(self):
        return (self.folder / "log").read_text()[-4000:]

    def sql(self, text, *values):
        connection = sqlite3.connect(self.dir / "control.db", timeout=10)
        try:
            connection.row_factory = sqlite3.Row
            with connection:
                return connection.execute(text, values).fetchall()
        finally:
            connection.close()

    def add(self, name):
        """A pending domain with its five records."""
        now = time.time_ns() // 1000
        account = self.sql("SELECT min(number) AS n FROM accounts")[0]["n"]
        self.sql("INSERT INTO domains (id, account, name, region, return_path,"
                 " open_tracking, click_tracking, tls, state, state_since,"
                 " created_at) VALUES (?, ?, ?, 'us-east-1', 'send', 1, 1,"
                 " 'opportunistic', 'not_started', ?, ?)",
                 str(uuid.uuid4()), account, name, now, now)
        number = self.sql("SELECT number FROM domains WHERE name = ?",
                          name)[0]["number"]
        self.sql("INSERT INTO tracking_hosts (domain, label, host, created_at)"
                 " VALUES (?, 'links', ?, ?)", number, f"links.{name}", now)
        host = self.sql("SELECT number FROM tracking_hosts WHERE domain = ?",
                        number)[0]["number"]
        for kind, label, type_, value, priority, link in [
                ("dkim", "wx1._domainkey", "TXT", DKIM, None, None),
                ("spf", "send", "TXT", SPF, None, None),
                ("mx", "send", "MX", BOUNCE, 10, None),
                ("tracking", "links", "CNAME", TARGET, None, host),
                ("dmarc", "_dmarc", "TXT", "v=DMARC1; p=none;", None, None)]:
            self.sql("INSERT INTO records (domain, kind, fqdn, type, value,"
                     " priority, tracking_host) VALUES (?, ?, ?, ?, ?, ?, ?)",
                     number, kind, f"{label}.{name}", type_, value, priority,
                     link)
        self.sql("INSERT INTO dkim_keys (id, domain, selector, algorithm,"
                 " public_key, sealed, state, created_at) VALUES"
                 " (?, ?, 'wx1', 'rsa-2048', ?, x'00', 'pending', ?)",
                 str(uuid.uuid4()), number, KEY, now)
        self.domains[name] = number
        self.verify(name)

    def verify(self, name):
        """What the API's verify and retry do to a domain that is not."""
        now = time.time_ns() // 1000
        self.sql("UPDATE domains SET state = 'pending', state_since = ?,"
                 " definite_since = NULL, missing_ms = 0, checks = 0,"
                 " next_check_at = ? WHERE number = ?", now, now,
                 self.domains[name])

    def ask(self, name="customer.example"):
        """What the API's verify does to a verified domain."""
        now = time.time_ns() // 1000
        self.sql("UPDATE domains SET asked_at = ?1, next_check_at = min(?1,"
                 " coalesce(next_check_at, ?1)) WHERE number = ?2", now,
                 self.domains[name])

    def domain(self, name="customer.example"):
        return self.sql("SELECT * FROM domains WHERE number = ?",
                        self.domains[name])[0]

    def record(self, kind, name="customer.example"):
        row = self.sql("SELECT status, detail FROM records WHERE domain = ?"
                       " AND kind = ?", self.domains[name], kind)[0]
        return row["status"], json.loads(row["detail"] or "{}")

    def code(self, kind, name="customer.example"):
        return self.record(kind, name)[1].get("code")

    def history(self, name="customer.example"):
        return self.sql("SELECT * FROM history WHERE domain = ?"
                        " ORDER BY number", self.domains[name])

    def await_state(self, state, name="customer.example", seconds=20):
        wait_for(f"{name} to be {state}, it is {dict(self.domain(name))}",
                 lambda: self.domain(name)["state"] == state, seconds)

    def await_code(self, kind, code, name="customer.example", seconds=20):
        try:
            wait_for(f"{kind} of {name} to be {code}",
                     lambda: self.code(kind, name) == code, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; it is {self.record(kind, name)},"
                                 f" {dict(self.domain(name))}") from None

    def await_class(self, kind, class_, name, seconds=20):
        wait_for(f"{kind} of {name} to be {class_}", lambda: self.record(
            kind, name)[1].get("class") == class_, seconds)

    def await_checks(self, count, name="customer.example", seconds=40):
        first = self.domain(name)["checks"]
        wait_for(f"{count} checks of {name}",
                 lambda: self.domain(name)["checks"] >= first + count, seconds)


def txt(value):
    return " ".join(f'"{value[i:i + 255]}"' for i in range(0, len(value), 255))


def zone(*lines, name="customer.example", hosts=((1, NS1), (2, NS2))):
    """A zone with its nameservers, which caches may keep, and some records."""
    text = [f"$ORIGIN {name}.", "$TTL 1",
            "@ 300 SOA ns1 hostmaster 1 60 60 600 1"]
    for number, address in hosts:
        text += [f"@ 300 NS ns{number}", f"ns{number} 300 A {address}"]
    return "\n".join(text + list(lines)) + "\n"


GOOD = (f"wx1._domainkey TXT {txt(DKIM)}", f"send TXT {txt(SPF)}",
        f"send MX 10 {BOUNCE}.", f"links CNAME {TARGET}.")
OURS = "links A 127.0.0.20\nbounce A 127.0.0.21\n"


def missing_records_are_named(b):
    own = zone(OURS, name="waxseal.example", hosts=((1, NS1),))
    b.ns1.serve(customer_example=zone(), waxseal_example=own)
    b.ns2.serve(customer_example=zone())
    b.start()
    b.add("customer.example")
    for kind in ("dkim", "spf", "mx", "tracking", "dmarc"):
        b.await_code(kind, "missing")
    status, detail = b.record("dkim")
    assert status == "pending" and detail["class"] == "missing", detail
    assert detail["expected"] == DKIM and detail["found"] == []
    assert {n["address"] for n in detail["nameservers"]} == {NS1, NS2}
    assert b.domain()["state"] == "pending"


def wrong_values_are_named(b):
    wrong = zone(f"wx1._domainkey TXT {txt(DKIM[:255])}",
                 'send TXT "v=spf1 ip4:203.0.113.9 ~all"',
                 "send MX 10 mail.other.example.",
                 "links CNAME links.waxseal.example.customer.example.",
                 '_dmarc TXT "v=DMARC1; p=none"', '_dmarc TXT "v=DMARC1; p=reject"')
    b.ns1.serve(customer_example=wrong)
    b.ns2.serve(customer_example=wrong)
    b.await_code("dkim", "dkim_truncated")
    b.await_code("spf", "spf_not_included")
    b.await_code("mx", "mx_other")
    b.await_code("tracking", "cname_relative")
    b.await_code("dmarc", "dmarc_two_records")
    detail = b.record("mx")[1]
    assert detail["found"] == ["mail.other.example"], detail
    assert "mail.other.example" in detail["message"], detail
    assert BOUNCE in detail["fix"], detail
    assert b.domain()["state"] == "pending"


def a_stale_secondary_is_propagation(b):
    b.ns1.serve(customer_example=zone(*GOOD))
    b.ns2.serve(customer_example=zone())
    b.await_code("dkim", "propagating")
    b.await_checks(2)
    status, detail = b.record("dkim")
    assert status == "pending" and detail["class"] == "propagating", detail
    states = {n["address"]: n["state"] for n in detail["nameservers"]}
    assert states == {NS1: "exact", NS2: "missing"}, states
    assert b.domain()["state"] == "pending"
    assert b.record("tracking")[0] == "pending"


def complete_records_verify(b):
    b.ns2.serve(customer_example=zone(*GOOD))
    b.await_state("verified")
    for kind in ("dkim", "spf", "mx", "tracking"):
        status, detail = b.record(kind)
        assert (status, detail["class"]) == ("verified", "exact"), detail
    assert b.record("dmarc")[0] == "pending"
    last = b.history()[-1]
    assert (last["from_state"], last["to_state"], last["cause"]) == \
        ("pending", "verified", "check"), dict(last)
    evidence = json.loads(last["evidence"])
    assert evidence["records"][0]["code"] == "ok", evidence
    number = b.domains["customer.example"]
    assert b.sql("SELECT verified_at FROM tracking_hosts WHERE domain = ?",
                 number)[0]["verified_at"]
    assert b.sql("SELECT state FROM dkim_keys WHERE domain = ?",
                 number)[0]["state"] == "active"


def what_other_caches_still_have_is_told(b):
    def serve(*lines):
        text = zone(*lines, name="single.example", hosts=((1, NS1),))
        b.ns1.serve(single_example=text.replace("600 1\n", "600 450\n"))

    # the SOA record's TTL is 300, its minimum 450
    serve(*GOOD[:1], 'send 700 TXT "v=spf1 -all"', *GOOD[3:])
    b.add("single.example")
    b.await_code("mx", "missing", "single.example")
    assert b.record("mx", "single.example")[1]["cached_until"] is None
    serve(*GOOD)
    b.await_state("verified", "single.example")
    for kind, seconds in (("dkim", 300), ("spf", 700), ("mx", 300)):
        detail = b.record(kind, "single.example")[1]
        assert (detail["class"], detail["code"]) == \
            ("exact", "cached_elsewhere"), detail
        until = datetime.datetime.fromisoformat(
            detail["cached_until"].replace("Z", "+00:00")).timestamp()
        assert seconds - 30 < until - time.time() <= seconds, detail
        said = int(re.search(r"up to (\d+) s", detail["message"])[1])
        assert seconds - 30 < said <= seconds, detail
        assert detail["fix"], detail
    # until then, and no longer
    b.sql("UPDATE records SET cached_until = ? WHERE domain = ? AND"
          " kind = 'dkim'", time.time_ns() // 1000,
          b.domains["single.example"])
    b.await_code("dkim", "ok", "single.example")
    assert b.code("spf", "single.example") == "cached_elsewhere"
    assert b.record("dkim", "single.example")[1]["cached_until"] is None


def one_nameserver_confirms_over_tcp(b):
    evidence = b.history("single.example")[-1]
    assert evidence["to_state"] == "verified"
    b.sql("UPDATE records SET status = 'pending' WHERE domain = ?",
          b.domains["single.example"])
    b.verify("single.example")
    b.await_state("verified", "single.example")
    assert b.record("mx", "single.example")[1]["confirmed_by"] == "tcp"


def servfail_changes_nothing(b):
    b.start(window="3s")
    b.ns1.serve(customer_example=None)
    b.ns2.serve(customer_example=None)
    b.await_code("dkim", "nameserver_error")
    end = time.monotonic() + 4
    while time.monotonic() < end:
        assert b.domain()["state"] == "verified", dict(b.domain())
        time.sleep(0.1)
    status, detail = b.record("dkim")
    assert (status, detail["class"]) == ("verified", "temp"), detail


def silence_changes_nothing(b):
    b.ns1.silence()
    b.ns2.silence()
    b.await_code("dkim", "nameserver_silent", seconds=40)
    assert b.domain()["state"] == "verified"
    assert b.record("mx")[0] == "verified"
    b.ns1.speak()
    b.ns2.speak()


def a_stopped_nameserver_does_not_count(b):
    b.ns1.serve(customer_example=zone(*GOOD))
    b.ns2.stop()
    b.await_code("dkim", "nameserver_unreachable")
    detail = b.record("dkim")[1]
    assert detail["class"] == "exact" and NS2 in detail["message"], detail
    assert b.domain()["state"] == "verified"
    b.ns2.serve(customer_example=zone(*GOOD))
    b.await_code("dkim", "ok")


def a_lost_record_is_a_temporary_failure_and_recovers(b):
    b.start(window="60s")
    rest = zone(*GOOD[:2], *GOOD[3:])
    b.ns1.serve(customer_example=rest)
    b.ns2.serve(customer_example=rest)
    b.await_state("temporary_failure")
    assert b.record("mx")[0] == "temporary_failure"
    assert b.record("dkim")[0] == "verified"
    b.ns1.serve(customer_example=zone(*GOOD))
    b.ns2.serve(customer_example=zone(*GOOD))
    b.await_state("verified")
    assert [h["to_state"] for h in b.history()[-2:]] == \
        ["temporary_failure", "verified"]


def lost_records_fail_after_the_window(b):
    b.start(window="2s")
    b.ns1.serve(customer_example=zone(GOOD[0]))
    b.ns2.serve(customer_example=zone(GOOD[0]))
    b.await_state("failed")
    steps = [(h["to_state"], h["cause"]) for h in b.history()[-2:]]
    assert steps == [("temporary_failure", "check"), ("failed", "window")], steps
    assert b.domain()["next_check_at"] is None
    assert b.record("mx")[0] == "failed"
    assert b.record("dkim")[0] == "verified"
    checks = b.domain()["checks"]
    time.sleep(1)
    assert b.domain()["checks"] == checks


def a_retry_verifies_again(b):
    b.ns1.serve(customer_example=zone(*GOOD))
    b.ns2.serve(customer_example=zone(*GOOD))
    b.start(window="60s")
    b.verify("customer.example")
    b.await_state("verified")


def a_check_asked_for_during_another_is_made(b):
    b.start(WAXSEAL_VERIFY_WATCH_INTERVAL="80s", WAXSEAL_VERIFY_MAX_INTERVAL="80s")
    due = lambda: b.domain()["next_check_at"] / 1e6 - time.time()
    wait_for("the next check to be far off", lambda: due() > 50)
    before = b.domain()["checks"]
    b.ns1.silence()
    b.ns2.silence()
    b.ask()
    wait_for("the check to begin", lambda: 5 < due() < 20)
    b.ask()
    time.sleep(0.5)
    assert b.domain()["checks"] == before, "a second check beside the first"
    b.ns1.speak()
    b.ns2.speak()
    wait_for("two checks", lambda: b.domain()["checks"] == before + 2, 30)
    wait_for("the next check to be far off", lambda: due() > 50)


def an_unreachable_domain_says_so(b):
    b.start(window="2s")
    b.add("dead.example")
    b.await_state("failed", "dead.example", 40)
    evidence = json.loads(b.history("dead.example")[-1]["evidence"])
    assert evidence["code"] == "dns_unreachable", evidence
    assert {r["class"] for r in evidence["records"]} == {"temp"}, evidence


def a_nameserver_without_public_address_is_not_asked(b):
    b.start(window="60s", WAXSEAL_DNS_ALLOW_NS="127.0.0.3/32")
    b.ask()
    b.await_code("dkim", "ns_not_public")
    states = {n["address"]: n["state"]
              for n in b.record("dkim")[1]["nameservers"]}
    assert states == {NS1: "not_public", NS2: "exact"}, states


def the_resolver_alone_will_do(b):
    name = "hosted.example"
    b.ns1.serve(hosted_example=zone(*GOOD, name=name, hosts=())
                + "@ NS amy.ns.cloudflare.com.\n@ NS bob.ns.cloudflare.com.\n")
    b.start(window="60s", WAXSEAL_DNS_MODE="recursive")
    b.verify("single.example")
    b.await_state("verified", "single.example")
    detail = b.record("mx", "single.example")[1]
    assert [n["host"] for n in detail["nameservers"]] == ["resolver"], detail
    assert b.domain("single.example")["dns_zone"] == "single.example"
    # it finds the nameservers' names too, and so the provider
    b.add(name)
    b.await_state("verified", name)
    row = b.domain(name)
    assert (row["dns_zone"], row["dns_provider"]) == (name, "cloudflare"), \
        dict(row)
    b.stop_worker()


def main():
    b = Bench()
    tests = [missing_records_are_named, wrong_values_are_named,
             a_stale_secondary_is_propagation, complete_records_verify,
             what_other_caches_still_have_is_told,
             one_nameserver_confirms_over_tcp, servfail_changes_nothing,
             silence_changes_nothing, a_stopped_nameserver_does_not_count,
             a_lost_record_is_a_temporary_failure_and_recovers,
             lost_records_fail_after_the_window, a_retry_verifies_again,
             a_check_asked_for_during_another_is_made,
             an_unreachable_domain_says_so,
             a_nameserver_without_public_address_is_not_asked,
             the_resolver_alone_will_do]
    passed = failed = 0
    try:
        passed, failed = run_tests(tests, b)
        if failed:
            print(b.log())
    finally:
        if b.worker:
            b.worker.kill()
            b.worker.wait()
        b.ns1.stop()
        b.ns2.stop()
        b.resolver.stop()
        shutil.rmtree(b.folder, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
