"""Customers' mistakes, published in real NSDs, found through a real unbound and
told by the API: each domain has one, and only that one is told."""
import pathlib
import shutil
import subprocess
import sys
import os

sys.path.insert(0, os.path.dirname(__file__))
from stack import (Stack, free_port, own_root, run_tests, temporary_folder,
                   wait_for)
from test_verify import NS1, NS2, NameServer, answers, txt

PARENT = "127.0.0.4"  # serves example, where the domains are delegated
INCLUDE = "include:_spf.us-east-1.waxseal.example"
SPF = f"v=spf1 {INCLUDE} ~all"
BOUNCE = "bounce.us-east-1.waxseal.example"
TARGET = "links.us-east-1.waxseal.example"
OPERATOR = f"""_spf.us-east-1 TXT "v=spf1 ip4:192.0.2.0/24 -all"
bounce.us-east-1 A 127.0.0.21
links.us-east-1 A 127.0.0.20
many TXT "v=spf1 a mx ptr exists:a.example a:{BOUNCE} a:{BOUNCE} a:{BOUNCE} a:{BOUNCE} a:{BOUNCE} -all"
vendor TXT "v=spf1 ip4:203.0.113.0/24 {INCLUDE} -all"
alias CNAME {BOUNCE}.
chain CNAME {TARGET}.
"""


class Mistake:
    """A domain with one mistake. change gets the right lines by kind, of which
    the values can be taken, and says what is there instead of its record."""

    def __init__(self, name, record, code, change, class_="missing", **more):
        self.name, self.zone = name, more.get("zone", name)
        self.record, self.code, self.class_ = record, code, class_
        self.change = change
        self.spoils = more.get("spoils", (record,))  # what is not right then
        self.domain = None


def halves(r):
    value = r["dkim"]
    return [f'{r["selector"]} TXT "{value[:255]}"',
            f'{r["selector"]} TXT "{value[255:]}"']


ALL = ("dkim", "mx", "spf", "tracking", "dmarc")
MISTAKES = [
    Mistake("doubled.example", "spf", "doubled_name",
            lambda r: [f"send.doubled.example {txt_line(SPF)}"]),
    Mistake("doubledmx.example", "mx", "doubled_name",
            lambda r: [f"send.doubledmx.example MX 10 {BOUNCE}."]),
    Mistake("dotted.example", "spf", "dot_in_name",
            lambda r: [rf"send\.dotted\.example\. {txt_line(SPF)}"]),
    Mistake("at.example", "spf", "host_prefix",
            lambda r: [rf"\@.send {txt_line(SPF)}"]),
    Mistake("bare.example", "dkim", "underscore_missing", lambda r: [
        f'{r["selector"].replace("_", "")} {txt_line(r["dkim"])}']),
    Mistake("apexkey.example", "dkim", "dkim_misplaced",
            lambda r: [f'@ {txt_line(r["dkim"])}']),
    Mistake("apexspf.example", "spf", "spf_at_apex",
            lambda r: [f"@ {txt_line(SPF)}"]),
    Mistake("apexmx.example", "mx", "mx_at_apex",
            lambda r: [f"@ MX 10 {BOUNCE}."]),
    Mistake("type99.example", "spf", "spf_type_99",
            lambda r: [f'send SPF "{SPF}"']),
    Mistake("local.example", "spf", "local_only", lambda r: []),
    Mistake("halves.example", "dkim", "dkim_split_records", halves, "conflict"),
    Mistake("cut.example", "dkim", "dkim_truncated",
            lambda r: [f'{r["selector"]} TXT "{r["dkim"][:255]}"'], "wrong"),
    Mistake("quoted.example", "spf", "txt_literal_quotes",
            lambda r: [rf'send TXT "\"{SPF}\""'], "wrong"),
    Mistake("two.example", "spf", "spf_two_records", lambda r: [
        f"send {txt_line(SPF)}", 'send TXT "v=spf1 mx -all"'], "conflict"),
    Mistake("many.example", "spf", "spf_too_many_lookups", lambda r: [
        f'send TXT "v=spf1 {INCLUDE} include:many.waxseal.example -all"'],
        "wrong"),
    Mistake("gone.example", "spf", "spf_include_missing", lambda r: [
        f'send TXT "v=spf1 {INCLUDE} include:gone.waxseal.example -all"'],
        "wrong"),
    Mistake("nested.example", "spf", "ok", lambda r: [
        'send TXT "v=spf1 include:vendor.waxseal.example -all"'], "satisfied",
        spoils=()),
    Mistake("flat.example", "spf", "spf_flattened", lambda r: [
        'send TXT "v=spf1 ip4:192.0.0.0/16 -all"'], "satisfied", spoils=()),
    Mistake("alias.example", "mx", "mx_alias",
            lambda r: ["send MX 10 alias.waxseal.example."], "wrong"),
    Mistake("extra.example", "mx", "mx_extra", lambda r: [
        f"send MX 10 {BOUNCE}.", "send MX 1 aspmx.google.example."],
        "conflict"),
    Mistake("implicit.example", "mx", "mx_implicit",
            lambda r: ["send A 127.0.0.77"]),
    Mistake("proxied.example", "tracking", "proxied_cloudflare",
            lambda r: ["links A 104.16.0.1"], "wrong"),
    Mistake("forwarded.example", "tracking", "cname_forwarded",
            lambda r: ["links A 192.64.119.1"], "wrong"),
    Mistake("flattened.example", "tracking", "cname_flattened",
            lambda r: ["links A 127.0.0.20"], "satisfied", spoils=()),
    Mistake("chain.example", "tracking", "cname_chain",
            lambda r: ["links CNAME chain.waxseal.example."], "satisfied",
            spoils=()),
    Mistake("wild.example", "mx", "wildcard",
            lambda r: ["* MX 5 mail.other.example."], "wrong", spoils=ALL),
    Mistake("parked.example", "mx", "parked",
            lambda r: ["* MX 0 .", '* TXT "v=spf1 -all"'], "wrong", spoils=ALL),
    Mistake("caa.example", "tracking", "ok", lambda r: [
        f"links CNAME {TARGET}.", '@ CAA 0 issue "digicert.com"'], "exact",
        spoils=()),
    Mistake("policy.example", "dmarc", "ok",
            lambda r: ['_dmarc TXT "v=DMARC1; p=reject"'], "satisfied",
            spoils=()),
    Mistake("mail.upper.example", "dmarc", "dmarc_inherited",
            lambda r: ['_dmarc.upper.example. TXT "v=DMARC1; p=quarantine"'],
            "satisfied", spoils=(), zone="upper.example"),
    Mistake("base.lower.example", "spf", "wrong_base",
            lambda r: [f"send.lower.example. {txt_line(SPF)}"],
            zone="lower.example"),
    Mistake("stale.example", "mx", "stale_delegation", lambda r: []),
    Mistake("delegated.example", "mx", "name_delegated",
            lambda r: ["send NS ns1"], spoils=("mx", "spf")),
    Mistake("unregistered.example", "mx", "not_registered", lambda r: [],
            spoils=ALL),
    Mistake("bogus.example", "mx", "dnssec_bogus",
            lambda r: [f"send MX 10 {BOUNCE}."], "temp", spoils=ALL),
]


def txt_line(value):
    return "TXT " + txt(value)


def kind_of(record):
    return {"DKIM": "dkim", "Tracking": "tracking", "TrackingCAA": "caa"}.get(
        record["record"], "mx" if record["type"] == "MX" else "spf")


class Validator:
    """unbound, which validates what it has a trust anchor for."""

    def __init__(self, folder, port, zones):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.port = free_port()
        digest = "00" * 32
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
  module-config: "validator iterator"
  trust-anchor: "bogus.example. DS 4242 13 2 {digest}"
  ede: yes
  val-log-level: 0
  local-zone: "send.local.example." typetransparent
  local-data: 'send.local.example. TXT "{SPF}"'
  cache-max-negative-ttl: 1
remote-control:
  control-enable: no
{own_root(self.folder)}stub-zone:
  name: example
  stub-addr: {PARENT}@{port}
"""]
        for name in zones:
            config.append(f"stub-zone:\n  name: {name}\n"
                          f"  stub-addr: {NS1}@{port}\n")
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
        self.parent = NameServer(self.folder / "parent", PARENT, self.port)
        zones = {m.zone for m in MISTAKES} - {"unregistered.example"}
        self.zones = zones | {"waxseal.example", "secondary.example",
                              "send.delegated.example"}
        self.resolver = Validator(self.folder / "unbound", self.port,
                                  self.zones)
        region = "WAXSEAL_REGION_US_EAST_1_"
        self.stack = Stack(self.folder, {
            "WAXSEAL_DNS_RESOLVER": f"127.0.0.1:{self.resolver.port}",
            "WAXSEAL_DNS_PORT": str(self.port),
            "WAXSEAL_DNS_ALLOW_NS": "127.0.0.0/8",
            "WAXSEAL_ACME_CA": "letsencrypt.org",
            "WAXSEAL_DKIM_POOL": "2",
            "WAXSEAL_VERIFY_MIN_INTERVAL": "300ms",
            "WAXSEAL_VERIFY_MAX_INTERVAL": "2s",
            region + "SPF_INCLUDE": INCLUDE.split(":")[1],
            region + "BOUNCE_MX": BOUNCE,
            region + "TRACKING_TARGET": TARGET})
        self.secondary = None

    def stop(self):
        self.stack.stop()
        for server in (self.ns1, self.ns2, self.parent, self.resolver):
            server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def create(self, name):
        def try_to():
            answer = self.stack.call("POST", "/domains", {
                "name": name, "tracking_subdomain": "links",
                "click_tracking": True, "open_tracking": True})
            return None if answer.status == 503 else answer  # no key is ready

        answer = wait_for("a DKIM key", try_to, 60)
        assert answer.status == 201, answer.body
        return answer.json()

    def get(self, domain):
        answer = self.stack.call("GET", f"/domains/{domain['id']}")
        assert answer.status == 200, answer.body
        return answer.json()

    def verify(self, domain):
        answer = self.stack.call("POST", f"/domains/{domain['id']}/verify",
                                 None, Content_Type="application/json")
        assert answer.status == 200, answer.body

    def records(self, domain):
        """By kind, once all have been judged, else None."""
        domain = self.get(domain)
        found = {kind_of(r): r for r in domain["records"]}
        found["dmarc"] = domain["dmarc"]
        done = all(r["status_detail"] for r in found.values())
        return found if done else None


def head(name, serial=1, hosts=(1,)):
    lines = [f"$ORIGIN {name}.", "$TTL 1",
             f"@ 300 SOA ns hostmaster {serial} 60 60 600 1"]
    for number in hosts:
        lines += [f"@ 300 NS ns{number}",
                  f"ns{number} 300 A 127.0.0.{number + 1}"]
    return lines


def right_lines(domain):
    """The lines of a domain that is as the API shows it, by kind."""
    lines, values = {}, {}
    for record in domain["records"] + [dict(domain["dmarc"], record="DMARC")]:
        kind = "dmarc" if record["record"] == "DMARC" else kind_of(record)
        value = record["value"]
        values[kind] = value
        if record["type"] == "TXT":
            value = txt(value)
        elif record["type"] == "MX":
            value = f"10 {value}."
        else:
            value += "."
        lines[kind] = f"{record['fqdn']}. {record['type']} {value}"
        if kind == "dkim":
            values["selector"] = record["fqdn"].removesuffix(
                "." + domain["name"])
    return lines, values


def publish(b):
    zones = {}
    for mistake in MISTAKES:
        mistake.domain = b.create(mistake.name)
        if mistake.zone not in b.zones:
            continue
        lines, values = right_lines(mistake.domain)
        kept = [line for kind, line in lines.items()
                if kind != mistake.record and
                not (kind in mistake.spoils and len(mistake.spoils) > 1)]
        zones[mistake.zone] = "\n".join(
            head(mistake.zone) + kept + mistake.change(values)) + "\n"
    zones["waxseal.example"] = "\n".join(head("waxseal.example")) + "\n" + OPERATOR
    zones["send.delegated.example"] = "\n".join(
        head("send.delegated.example")) + "\n"
    b.secondary = b.create("secondary.example")
    lines = list(right_lines(b.secondary)[0].values())
    zones["secondary.example"] = "\n".join(
        head("secondary.example", 8, (1, 2)) + lines) + "\n"
    b.ns1.serve(**zones)
    b.ns2.serve(secondary_example="\n".join(
        head("secondary.example", 7, (1, 2))) + "\n")
    above = head("example", 1, (3,))  # ns3 is PARENT
    for name in b.zones:
        host = "ns9.elsewhere" if name == "stale.example" else f"ns1.{name}."
        above.append(f"{name}. NS {host}")
    b.parent.serve(example="\n".join(above) + "\nns9.elsewhere A 127.0.0.9\n")


def domains_are_published(b):
    b.stack.start()
    publish(b)
    for domain in [m.domain for m in MISTAKES] + [b.secondary]:
        b.verify(domain)


def told(b, mistake):
    records = b.records(mistake.domain)
    if not records:
        return None
    detail = records[mistake.record]["status_detail"]
    return records if detail["code"] == mistake.code else None


def every_mistake_is_told(b):
    for mistake in MISTAKES:
        try:
            records = wait_for(mistake.name, lambda: told(b, mistake), 25)
        except AssertionError:
            raise AssertionError((mistake.name, mistake.code, b.records(
                mistake.domain))) from None
        detail = records[mistake.record]["status_detail"]
        assert detail["class"] == mistake.class_, (mistake.name, detail)
        good = mistake.class_ in ("exact", "satisfied")
        assert good or detail["fix"], detail
        status = records[mistake.record]["status"]
        assert status == ("verified" if good else "pending"), (status, detail)


def nothing_else_is_told(b):
    for mistake in MISTAKES:
        records = b.records(mistake.domain)
        for kind, record in records.items():
            if kind in mistake.spoils or kind in (mistake.record, "caa"):
                continue
            detail = record["status_detail"]
            assert (detail["class"], detail["code"]) == ("exact", "ok"), \
                (mistake.name, kind, detail)
            assert record["status"] == "verified", (mistake.name, record)


def a_good_domain_is_verified_and_a_bad_one_is_not(b):
    for mistake in MISTAKES:
        state = b.get(mistake.domain)["state"]
        decides = {"dkim", "mx", "spf"} & set(mistake.spoils)
        assert state == ("pending" if decides else "verified"), \
            (mistake.name, state)


def two_spf_records_come_merged(b):
    mistake = next(m for m in MISTAKES if m.name == "two.example")
    detail = b.records(mistake.domain)["spf"]["status_detail"]
    merged = f"v=spf1 {INCLUDE} mx -all"
    assert detail["suggested"] == merged and merged in detail["fix"], detail
    assert len(detail["found"]) == 2, detail


def values_are_aligned(b):
    mistake = next(m for m in MISTAKES if m.name == "cut.example")
    record = b.records(mistake.domain)["dkim"]
    difference = record["status_detail"]["difference"]
    assert difference["position"] == 256, difference
    assert difference["expected"].startswith(difference["found"]), difference
    assert difference["found"].removeprefix("...") in record["value"]


def a_forbidden_certificate_asks_for_a_record(b):
    mistake = next(m for m in MISTAKES if m.name == "caa.example")
    records = b.records(mistake.domain)
    caa = records["tracking"]["status_detail"]["caa"]
    assert (caa["result"], caa["at"]) == ("forbidden", "caa.example"), caa
    record = records["caa"]
    assert (record["type"], record["name"], record["value"]) == \
        ("CAA", "", '0 issue "letsencrypt.org"'), record
    other = next(m for m in MISTAKES if m.name == "two.example")
    records = b.records(other.domain)
    assert records["tracking"]["status_detail"]["caa"]["result"] == "allowed"
    assert "caa" not in records


def a_stale_secondary_is_told_by_its_serial(b):
    records = wait_for("secondary.example", lambda: b.records(b.secondary))
    detail = records["dkim"]["status_detail"]
    assert detail["code"] == "propagating", detail
    serials = {n["address"]: n["serial"] for n in detail["nameservers"]}
    assert serials == {NS1: 8, NS2: 7}, serials
    assert "(serial 8)" in detail["message"], detail
    assert b.get(b.secondary)["state"] == "pending"


def main():
    b = Bench()
    tests = [domains_are_published, every_mistake_is_told,
             nothing_else_is_told,
             a_good_domain_is_verified_and_a_bad_one_is_not,
             two_spf_records_come_merged, values_are_aligned,
             a_forbidden_certificate_asks_for_a_record,
             a_stale_secondary_is_told_by_its_serial]
    passed = failed = 0
    try:
        passed, failed = run_tests(tests, b)
        if failed:
            print(b.stack.log())
    finally:
        b.stop()
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
