"""Nameservers that fail, lie, dawdle or are forged, between the real worker and
real NSDs behind a real, validating unbound: nothing false is ever verified,
and nothing that is merely unknown ever fails."""
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(__file__))
import test_verify
from stack import run_tests, wait_for
from test_verify import BOUNCE, GOOD, NS1, NS2, OURS, Bench, zone

MIDDLE = "127.0.0.4"


class Middle:
    """Stands before an NSD and passes its answers on in a certain manner."""

    def __init__(self, port, manner, tcp=False, tcp_source=NS1):
        self.manner, self.tcp_source, self.port = manner, tcp_source, port
        self.asked = 0
        self.udp = socket.socket(type=socket.SOCK_DGRAM)
        self.udp.bind((MIDDLE, port))
        self.other = socket.socket(type=socket.SOCK_DGRAM)
        self.other.bind(("127.0.0.5", port))
        self.tcp = socket.create_server((MIDDLE, port)) if tcp else None
        for work in (self.datagrams, self.streams):
            threading.Thread(target=work, daemon=True).start()

    def genuine(self, query, source=NS1):
        with socket.socket(type=socket.SOCK_DGRAM) as sock:
            sock.settimeout(2)
            sock.sendto(query, (source, self.port))
            return sock.recv(4096)

    def datagrams(self):
        while True:
            try:
                query, client = self.udp.recvfrom(4096)
            except OSError:
                return
            self.asked += 1
            threading.Thread(target=self.answer, args=(query, client),
                             daemon=True).start()

    def answer(self, query, client):
        try:
            self.manner(self, query,
                        lambda data: self.udp.sendto(data, client),
                        lambda data: self.other.sendto(data, client))
        except OSError:
            pass  # the test is over

    def streams(self):
        while self.tcp:
            try:
                client = self.tcp.accept()[0]
            except OSError:
                return
            with client, socket.create_connection(
                    (self.tcp_source, self.port)) as server:
                try:
                    server.sendall(client.recv(4096))
                    client.sendall(server.recv(65536))
                except OSError:
                    pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for sock in (self.udp, self.other, self.tcp):
            if sock:
                try:
                    sock.shutdown(socket.SHUT_RDWR)  # wakes its thread
                except OSError:
                    pass
                sock.close()
        time.sleep(0.05)


def passed_on(middle, query, reply, other):
    reply(middle.genuine(query))


def silent(middle, query, reply, other):
    pass


def truncated(middle, query, reply, other):
    answer = bytearray(middle.genuine(query))
    answer[2] |= 2
    reply(bytes(answer))


def slow(middle, query, reply, other):
    answer = middle.genuine(query)
    time.sleep(1.1)
    reply(answer)


def forgeries(answer):
    """What is right in all but one thing."""
    end = answer.index(b"\0", 12)
    wrong_id = bytearray(answer)
    wrong_id[0] ^= 1
    no_response = bytearray(answer)
    no_response[2] &= 0x7f
    wrong_case = bytearray(answer)
    for i in range(12, end):
        if chr(answer[i]).isalpha():
            wrong_case[i] ^= 0x20
    wrong_question = bytearray(answer)
    wrong_question[13] = ord("q")
    return [bytes(f) for f in (wrong_id, no_response, wrong_question,
                               answer[:20], wrong_case)]


def forged(middle, query, reply, other):
    answer = middle.genuine(query)
    other(answer)
    for data in forgeries(answer):
        reply(data)


def positives_then_true(middle, query, reply, other):
    false = middle.genuine(query)
    other(false)
    for data in forgeries(false)[:4]:
        reply(data)
    reply(middle.genuine(query, NS2))


def negatives_then_true(middle, query, reply, other):
    false = middle.genuine(query, NS2)
    other(false)
    for data in forgeries(false)[:4]:  # the last would be fetched over TCP
        reply(data)
    reply(middle.genuine(query))


class Faults(Bench):
    def __init__(self):
        self.anchors = []
        super().__init__()

    def use(self, name, *records, hosts=((1, MIDDLE),), other=()):
        """Serves a zone at NS1 (and otherwise at NS2), and adds its domain."""
        key = name.replace(".", "_")
        self.ns1.serve(**{key: zone(*records, name=name, hosts=hosts)})
        self.ns2.serve(**{key: zone(*other, name=name, hosts=hosts)})
        self.add(name)

    def never(self, name, states, seconds):
        """The domain is in none of these states meanwhile."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert self.domain(name)["state"] not in states, \
                (dict(self.domain(name)), self.record("dkim", name))
            time.sleep(0.05)

    def finish(self, name):
        self.sql("UPDATE domains SET deleted_at = 1, next_check_at = NULL"
                 " WHERE number = ?", self.domains[name])


def forged_answers_are_neither_yes_nor_no(b):
    b.use("forged.example", *GOOD)
    with Middle(b.port, forged) as middle:
        # the answer in another letter case is fetched over TCP: in vain
        b.await_code("mx", "nameserver_unreachable", "forged.example", 20)
        assert b.domain("forged.example")["state"] == "pending"
        assert middle.asked >= 5
        for kind in ("dkim", "spf", "mx", "tracking"):
            status, detail = b.record(kind, "forged.example")
            assert (status, detail["class"]) == ("pending", "temp"), detail
    b.finish("forged.example")


def the_truth_behind_forgeries_is_found(b):
    b.use("denied.example", *GOOD)
    with Middle(b.port, forged, tcp=True, tcp_source=NS2):
        b.await_class("dkim", "missing", "denied.example")
        b.never("denied.example", ("verified",), 1)
    b.finish("denied.example")
    b.use("missing.example", *GOOD)
    with Middle(b.port, positives_then_true):
        b.await_class("dkim", "missing", "missing.example")
        b.never("missing.example", ("verified",), 1)
    b.finish("missing.example")


def forged_denials_do_not_hide_records(b):
    b.use("there.example", *GOOD)
    with Middle(b.port, negatives_then_true, tcp=True):
        b.await_state("verified", "there.example")
        assert b.record("dkim", "there.example")[1]["confirmed_by"] == "tcp"
    b.finish("there.example")


def one_answer_without_confirmation_is_not_enough(b):
    b.use("udp.example", *GOOD)
    with Middle(b.port, passed_on, tcp=False):
        b.await_code("dkim", "unconfirmed", "udp.example")
        b.never("udp.example", ("verified", "failed"), 1)
    with Middle(b.port, passed_on, tcp=True):
        b.await_state("verified", "udp.example")
    b.finish("udp.example")


def truncated_answers_need_tcp(b):
    b.use("truncated.example", *GOOD)
    with Middle(b.port, truncated, tcp=False):
        b.await_checks(1, "truncated.example")
        assert b.record("dkim", "truncated.example")[1]["class"] == "temp"
        b.never("truncated.example", ("verified", "failed"), 1)
    with Middle(b.port, truncated, tcp=True):
        b.await_state("verified", "truncated.example")
        assert b.record("mx", "truncated.example")[1]["confirmed_by"] == "tcp"
    b.finish("truncated.example")


def a_slow_nameserver_is_waited_for(b):
    b.use("slow.example", *GOOD)
    with Middle(b.port, slow, tcp=True):
        b.await_state("verified", "slow.example", 25)
    b.finish("slow.example")


def a_silent_and_a_lame_one_do_not_count(b):
    hosts = ((1, NS1), (2, NS2), (3, MIDDLE))
    name = "mixed.example"
    b.ns1.serve(mixed_example=zone(*GOOD, name=name, hosts=hosts))
    b.add(name)  # NS2 does not know the zone
    with Middle(b.port, silent):
        b.await_state("verified", name, 30)
        status, detail = b.record("dkim", name)
        states = {n["address"]: n["state"] for n in detail["nameservers"]}
        assert states == {NS1: "exact", NS2: "refused", MIDDLE: "timeout"}, \
            detail
        assert detail["confirmed_by"] == "tcp", detail
    b.finish(name)


def a_stale_secondary_is_named_with_its_serial(b):
    name, hosts = "stale.example", ((1, NS1), (2, NS2))
    newer = zone(*GOOD, name=name, hosts=hosts).replace(
        "hostmaster 1 ", "hostmaster 2026112203 ")
    b.ns1.serve(stale_example=newer)
    b.ns2.serve(stale_example=newer.split("wx1._domainkey")[0].replace(
        "2026112203", "2026112202"))
    b.add(name)
    b.await_code("dkim", "propagating", name)
    detail = b.record("dkim", name)[1]
    serials = {n["address"]: n["serial"] for n in detail["nameservers"]}
    assert serials == {NS1: 2026112203, NS2: 2026112202}, detail
    assert "ns1.stale.example (serial 2026112203)" in detail["message"], detail
    b.never(name, ("verified", "failed"), 1)
    b.ns2.serve(stale_example=newer)
    b.await_state("verified", name)
    b.finish(name)


def sign(b, name, text, *options):
    """The zone signed; its key becomes the resolver's trust anchor."""
    folder = b.folder / f"signed-{name}"
    folder.mkdir(exist_ok=True)
    (folder / "zone").write_text(text)
    key = (folder / "key").read_text() if (folder / "key").exists() else None
    if not key:
        key = subprocess.run(["ldns-keygen", "-a", "ECDSAP256SHA256", "-k",
                              name], cwd=folder, check=True, text=True,
                             stdout=subprocess.PIPE).stdout.strip()
        (folder / "key").write_text(key)
    subprocess.run(["ldns-signzone", *options, "-f", "signed", "-o", name,
                    "zone", key], cwd=folder, check=True)
    return (folder / "signed").read_text(), (folder / f"{key}.key").read_text()


def expired_signatures_are_unknown(b):
    name, hosts = "signed.example", ((1, NS1), (2, NS2))
    plain = zone(*GOOD, name=name, hosts=hosts)
    expired, anchor = sign(b, name, plain, "-i", "20200101", "-e", "20200201")
    b.ns1.serve(signed_example=expired)
    b.ns2.serve(signed_example=expired)
    b.restart_resolver(anchor)
    b.add(name)
    b.await_code("dkim", "dnssec_bogus", name, 30)
    status, detail = b.record("dkim", name)
    assert (status, detail["class"]) == ("pending", "temp"), detail
    assert "signed.example" in detail["message"], detail
    b.never(name, ("verified", "failed"), 1)
    right, _ = sign(b, name, plain)
    b.ns1.serve(signed_example=right)
    b.ns2.serve(signed_example=right)
    b.restart_resolver(anchor)
    b.await_state("verified", name, 30)
    # it stays so when the signatures run out again
    b.ns1.serve(signed_example=expired)
    b.ns2.serve(signed_example=expired)
    b.restart_resolver(anchor)
    b.ask(name)
    b.await_code("dkim", "dnssec_bogus", name, 30)
    b.never(name, ("failed", "temporary_failure", "pending"), 1)
    b.finish(name)


def a_signed_zone_confirms_itself(b):
    name = "authentic.example"
    signed, anchor = sign(b, name, zone(*GOOD, name=name,
                                        hosts=((1, MIDDLE),)))
    b.ns1.serve(authentic_example=signed)
    b.restart_resolver(anchor)
    b.add(name)
    with Middle(b.port, passed_on, tcp=False):
        b.await_state("verified", name, 30)
        assert b.record("dkim", name)[1]["confirmed_by"] == "ad"
    b.finish(name)


def an_unregistered_domain_is_named(b):
    b.ns1.serve(example="$ORIGIN example.\n$TTL 1\n"
                "@ SOA ns1 h 1 60 60 600 1\n@ NS ns1\n"
                f"ns1 A {NS1}\n")
    b.add("nobody.example")
    b.await_code("dkim", "not_registered", "nobody.example")
    assert b.record("dkim", "nobody.example")[1]["class"] == "missing"
    b.finish("nobody.example")


def a_referral_is_followed(b):
    name = "parent.example"
    b.ns2.serve(send_parent_example=zone(
        "@ TXT " + GOOD[1].split("TXT ")[1], f"@ MX 10 {BOUNCE}.",
        name="send.parent.example", hosts=()) + "@ NS ns8.waxseal.example.\n")
    b.ns1.serve(parent_example=zone(
        GOOD[0], GOOD[3], "send NS ns8.waxseal.example.", name=name,
        hosts=((1, NS1),)))
    b.add(name)
    b.await_state("verified", name, 30)
    hosts = [n["host"] for n in b.record("mx", name)[1]["nameservers"]]
    assert hosts == ["ns8.waxseal.example"], hosts
    b.finish(name)


def a_copy_of_a_delegated_zone_does_not_speak_for_it(b):
    name, child = "copied.example", "send.copied.example"
    head = zone(name=child, hosts=()) + "@ NS ns8.waxseal.example.\n"
    b.ns1.serve(copied_example=zone(
        GOOD[0], GOOD[3], "send NS ns8.waxseal.example.", name=name,
        hosts=((1, NS1),)), send_copied_example=head +
        f"@ TXT {GOOD[1].split('TXT ')[1]}\n@ MX 10 {BOUNCE}.\n")
    b.ns2.serve(send_copied_example=head)
    b.add(name)
    b.await_code("mx", "name_delegated", name)
    hosts = [n["host"] for n in b.record("mx", name)[1]["nameservers"]]
    assert hosts == ["ns8.waxseal.example"], hosts
    b.never(name, ("verified",), 1)
    # the same, from a nameserver that does not tell of which zone it speaks
    b.ns1.minimal = True
    try:
        b.ns1.restart()
        b.verify(name)
        b.await_checks(1, name)
        assert b.code("mx", name) == "name_delegated", b.record("mx", name)
        b.never(name, ("verified",), 1)
        b.finish(name)
        whole = "minimal.example"
        b.ns1.serve(minimal_example=zone(*GOOD, name=whole, hosts=((1, NS1),)))
        b.add(whole)
        b.await_state("verified", whole)
        b.finish(whole)
    finally:
        b.ns1.minimal = False
        b.ns1.restart()


def a_nameserver_at_an_ipv6_address_is_asked(b):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return  # no IPv6 here
    name = "six.example"
    b.ns1.serve(six_example=zone(*GOOD, name=name, hosts=()) +
                "@ NS ns6\nns6 AAAA ::1\n")
    six = test_verify.NameServer(b.folder / "ns6", "::1", b.port)
    try:
        six.zones = dict(b.ns1.zones)
        six.restart()
        b.add(name)
        b.await_state("verified", name)
        assert [n["address"] for n in b.record("mx", name)[1]["nameservers"]] \
            == ["::1"]
    finally:
        six.stop()
    b.finish(name)


def an_outage_demotes_nobody(b):
    name, hosts = "steady.example", ((1, NS1), (2, NS2))
    b.ns1.serve(steady_example=zone(*GOOD, name=name, hosts=hosts))
    b.ns2.serve(steady_example=zone(*GOOD, name=name, hosts=hosts))
    b.add(name)
    b.await_state("verified", name)
    b.start(window="2s")
    b.ns1.silence()
    b.ns2.silence()
    b.await_code("dkim", "nameserver_silent", name, 40)
    assert b.domain(name)["unknown_since"]
    b.resolver.stop()  # and now nothing answers at all
    before = b.domain(name)["checks"]
    b.ns1.speak()
    b.ns1.stop()
    b.ns2.speak()
    b.ns2.stop()
    b.never(name, ("failed", "temporary_failure", "pending"), 6)
    assert b.domain(name)["checks"] > before
    assert b.record("dkim", name)[0] == "verified"
    b.ns1.restart()
    b.ns2.restart()
    b.restart_resolver()
    b.await_code("dkim", "ok", name, 30)
    assert b.domain(name)["unknown_since"] is None
    assert len([h for h in b.history(name)]) == 1  # pending to verified
    b.finish(name)
    b.start()


def a_window_survives_being_killed(b):
    name, hosts = "killed.example", ((1, NS1), (2, NS2))
    b.ns1.serve(killed_example=zone(name=name, hosts=hosts))
    b.ns2.serve(killed_example=zone(name=name, hosts=hosts))
    b.start(window="8s")
    b.add(name)
    b.await_class("dkim", "missing", name)
    since = b.domain(name)["state_since"]
    for _ in range(3):
        time.sleep(0.7)
        b.worker.send_signal(signal.SIGKILL)
        b.worker.wait()
        b.worker = None
        b.start(window="8s")
    assert b.domain(name)["state_since"] == since
    b.await_state("failed", name, 40)
    late = b.domain(name)["state_since"] / 1e6 - since / 1e6
    assert 8 <= late < 30, late
    b.finish(name)


class WithResolver(Faults):
    def restart_resolver(self, *anchors):
        self.anchors += [a for a in anchors if a not in self.anchors]
        self.resolver.stop()
        conf = self.resolver.folder / "conf"
        text = conf.read_text().replace('"iterator"', '"validator iterator"')
        for i, anchor in enumerate(self.anchors):
            path = self.resolver.folder / f"anchor{i}"
            if not path.exists():
                path.write_text(anchor)
                text = text.replace(
                    "server:\n",
                    f'server:\n  trust-anchor-file: "{path}"\n', 1)
        if "ede:" not in text:
            text = text.replace("server:\n", "server:\n  ede: yes\n", 1)
        conf.write_text(text)
        with open(self.resolver.folder / "log", "ab") as log:
            self.resolver.process = subprocess.Popen(
                ["/usr/sbin/unbound", "-d", "-c", str(conf)], stdout=log,
                stderr=log)
        wait_for("unbound", lambda: test_verify.answers(
            "127.0.0.1", self.resolver.port))


def set_up():
    b = WithResolver()
    # every zone of this test is below example, which NS1 serves
    conf = b.resolver.folder / "conf"
    text = conf.read_text().split("stub-zone:")[0]
    at = [f"{NS1}@{b.port}"]
    for name in ("forged", "denied", "missing", "there", "udp", "truncated",
                 "slow", "mixed", "stale", "signed", "authentic", "parent", "copied", "minimal",
                 "six", "steady", "killed", "waxseal", None):
        text += f"stub-zone:\n  name: {name + '.' if name else ''}example\n"
        text += "".join(f"  stub-addr: {a}\n" for a in at)
    conf.write_text(text)
    b.ns1.serve(waxseal_example=zone(
        OURS, f"ns8 A {NS2}", name="waxseal.example", hosts=((1, NS1),)))
    b.ns2.restart()
    b.restart_resolver()
    b.start()
    return b


def main():
    b = set_up()
    tests = [forged_answers_are_neither_yes_nor_no,
             the_truth_behind_forgeries_is_found,
             forged_denials_do_not_hide_records,
             one_answer_without_confirmation_is_not_enough,
             truncated_answers_need_tcp, a_slow_nameserver_is_waited_for,
             a_silent_and_a_lame_one_do_not_count,
             a_stale_secondary_is_named_with_its_serial,
             expired_signatures_are_unknown, a_signed_zone_confirms_itself,
             an_unregistered_domain_is_named, a_referral_is_followed,
             a_copy_of_a_delegated_zone_does_not_speak_for_it,
             a_nameserver_at_an_ipv6_address_is_asked,
             an_outage_demotes_nobody, a_window_survives_being_killed]
    if sys.argv[1:]:
        tests = [t for t in tests if any(w in t.__name__ for w in sys.argv[1:])]
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
