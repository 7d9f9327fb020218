"""GET /domains/{id}/records in every format, read by the tools it is for: a zone
file by nsd-checkzone, updates by a real Knot DNS that then answers with the
records, DNSControl's JavaScript by node, and the others by their own parsers or,
where a tool is no Debian package, by structure."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(__file__))
import dns.message
import dns.query
import yaml
from stack import free_port, request, run_tests, wait_for, zone_records
from test_dkim_keys import Context

ZONE = "acme.example"


class Formats(Context):
    def __init__(self):
        super().__init__()
        self.stack.settings["WAXSEAL_ACME_CA"] = "letsencrypt.org"

    def file(self, format_):
        answer = request(
            self.stack.api, "GET",
            f"/domains/{self.id[ZONE]}/records?format={format_}", None,
            {"Authorization": f"Bearer {self.stack.key}"})
        assert answer.status == 200, answer.body
        return answer

    def text(self, format_):
        return self.file(format_).body.decode()

    def records(self):
        """{(short name, type): value as zone files have it, texts whole}"""
        return {(r["fqdn"].removesuffix("." + ZONE), r["type"]):
                f"{r['priority']} {r['value']}." if r["type"] == "MX" else
                r["value"] + ("" if r["type"] == "TXT" else ".")
                for r in self.get(ZONE)["records"]}


def there_is_a_domain(c):
    c.serve()
    c.stack.start()
    c.add(ZONE, tracking_subdomain="links", dkim={"ed25519": True})
    assert len(c.records()) == 5, c.records()


def bind_passes_nsd_checkzone(c):
    file = pathlib.Path(c.folder, "zone")
    file.write_text(f"$ORIGIN {ZONE}.\n@ 60 SOA ns admin 1 60 60 600 60\n"
                    f"@ 60 NS ns\nns 60 A 127.0.0.1\n" + c.text("bind"))
    subprocess.run(["nsd-checkzone", ZONE, str(file)], check=True,
                   stdout=subprocess.DEVNULL)
    assert c.file("bind").headers["Content-Type"].startswith("text/dns")
    assert max(len(s) for s in re.findall(r'"([^"]*)"', c.text("bind"))) == 255


class Knot:
    """A Knot DNS that takes updates of the zone."""

    def __init__(self, folder, more=""):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.port = free_port()
        (self.folder / "zone").write_text(more +
            f"{ZONE}. 60 SOA ns.{ZONE}. admin.{ZONE}. 1 60 60 600 60\n"
            f"{ZONE}. 60 NS ns.{ZONE}.\nns.{ZONE}. 60 A 127.0.0.1\n")
        (self.folder / "conf").write_text(f"""
server:
    rundir: "{self.folder}"
    listen: 127.0.0.1@{self.port}
database:
    storage: "{self.folder}"
acl:
  - id: here
    address: 127.0.0.1
    action: update
log:
  - target: stdout
    any: info
zone:
  - domain: {ZONE}
    storage: "{self.folder}"
    file: zone
    acl: here
""")
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                ["/usr/sbin/knotd", "-c", str(self.folder / "conf")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for("knotd", lambda: self.ask(ZONE, "SOA"))

    def ask(self, name, type_):
        query = dns.message.make_query(name, type_)
        try:
            answer = dns.query.udp(query, "127.0.0.1", 2, self.port)
        except (OSError, dns.exception.Timeout):
            return None
        return [rdata for rrset in answer.answer for rdata in rrset]

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


def nsupdate_is_played_against_knot(c):
    knot = Knot(c.folder + "/knot")
    try:
        played = subprocess.run(
            ["/usr/bin/knsupdate"], text=True, timeout=20,
            input=f"server 127.0.0.1 {knot.port}\n" + c.text("nsupdate"),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        log = (knot.folder / "log").read_text()
        assert played.returncode == 0, (played.stdout, log)
        for (name, type_), value in c.records().items():
            found = knot.ask(f"{name}.{ZONE}", type_)
            assert found and len(found) == 1, (name, type_, found, log)
            text = (b"".join(found[0].strings).decode() if type_ == "TXT"
                    else found[0].to_text())
            assert text == value, (name, text, value)
    finally:
        knot.stop()


def plain(strings):
    """A TXT value of character-strings as one text."""
    assert strings[0] == strings[-1] == '"'
    parts = re.split(r'" ?"', strings[1:-1])
    assert max(map(len, parts)) <= 255, strings
    return "".join(parts)


def route53_is_a_change_batch(c):
    answer = c.file("route53")
    assert answer.headers["Content-Type"].startswith("application/json")
    batch = answer.json()
    assert set(batch) == {"Comment", "Changes"} and len(batch["Comment"]) < 256
    found = {}
    for change in batch["Changes"]:
        assert set(change) == {"Action", "ResourceRecordSet"}
        assert change["Action"] == "UPSERT"
        rrset = change["ResourceRecordSet"]
        assert set(rrset) == {"Name", "Type", "TTL", "ResourceRecords"}
        [record] = rrset["ResourceRecords"]
        name = rrset["Name"].removesuffix(f".{ZONE}.")
        value = record["Value"]
        found[name, rrset["Type"]] = (
            plain(value) if rrset["Type"] == "TXT" else value)
    assert found == c.records(), (found, c.records())


def terraform_is_hcl(c):
    text = c.text("terraform")
    path = pathlib.Path(c.folder, "records.tf")
    path.write_text(text)
    if shutil.which("terraform"):  # no Debian package
        subprocess.run(["terraform", "fmt", "-check", str(path)], check=True)
    blocks = re.findall(
        r'^resource "aws_route53_record" "(\w+)" \{\n'
        r"  zone_id = var\.waxseal_zone_id\n"
        r'  name    = "([^"]+)"\n  type    = "(\w+)"\n  ttl     = \d+\n'
        r'  records = \["((?:[^"\\]|\\.)*)"\]\n\}$', text, re.M)
    assert len({block[0] for block in blocks}) == len(blocks)
    found = {}
    for _, name, type_, value in blocks:
        value = json.loads(f'"{value}"')
        found[name.removesuffix("." + ZONE), type_] = (
            plain(f'"{value}"') if type_ == "TXT" else value)
    assert found == c.records(), (found, c.records())
    assert text.startswith('variable "waxseal_zone_id" {\n')


def octodns_is_yaml(c):
    text = c.text("octodns")
    zone = yaml.safe_load(text)
    found = {}
    for name, entries in zone.items():
        for entry in entries:
            assert entry["ttl"] == 300
            value = entry["value"]
            if entry["type"] == "MX":
                value = f"{value['preference']} {value['exchange']}"
            elif entry["type"] == "TXT":
                assert not re.search(r"(?<!\\);", value), value
                value = value.replace("\\;", ";")
            found[name, entry["type"]] = value
    assert found == c.records(), (found, c.records())
    try:  # no Debian package
        from octodns.provider.yaml import YamlProvider
        from octodns.zone import Zone
    except ImportError:
        return
    folder = pathlib.Path(c.folder, "octodns")
    folder.mkdir()
    (folder / f"{ZONE}.yaml").write_text(text)
    read = Zone(f"{ZONE}.", [])
    YamlProvider("file", str(folder)).populate(read)
    assert len(read.records) == len(found), read.records


def dnscontrol_is_javascript(c):
    program = """
const found = {};
const TTL = n => n;
const add = type => (name, ...rest) => ({name, type, rest});
const TXT = add('TXT'), CNAME = add('CNAME'), MX = add('MX');
const D_EXTEND = (zone, ...records) => {
  for (const r of records)
    found[r.name + ' ' + r.type] = [zone, ...r.rest];
};
""" + c.text("dnscontrol") + "\nconsole.log(JSON.stringify(found));\n"
    output = subprocess.run(["node", "-"], input=program, text=True,
                            stdout=subprocess.PIPE, timeout=20, check=True)
    found = {}
    for key, (zone, *rest) in json.loads(output.stdout).items():
        assert zone == ZONE and rest.pop() == 300
        found[tuple(key.split(" "))] = " ".join(map(str, rest))
    assert found == c.records(), (found, c.records())


def other_formats_are_refused(c):
    answer = c.stack.call("GET", f"/domains/{c.id[ZONE]}/records?format=xml")
    assert answer.status == 422 and "`dnscontrol`" in answer.json()["message"]


def names_are_as_the_provider_wants_them(c):
    """The zone's name servers tell the provider once they were seen."""
    domain = c.get(ZONE)
    assert domain["dns_provider"] is None and domain["dns_zone"] == ZONE
    c.serve(acme_example=zone_records(domain))
    c.call("POST", ZONE, "/verify")
    c.state_becomes(ZONE, "verified")
    assert c.get(ZONE)["dns_provider"] is None  # ns.acme.example is nobody's
    for host, provider, wants in [
            ("amy.ns.cloudflare.com", "cloudflare", "short"),
            ("ns2.he.net", "he", "full")]:
        # delegated to servers of that name, which the resolver finds here
        c.serve(**{
            "acme.example": zone_records(domain) + f"\n@ NS {host}.",
            host.split(".", 1)[1]: f"{host.split('.')[0]} A 127.0.0.1"})
        c.call("POST", ZONE, "/verify")
        seen = wait_for(provider, lambda: (lambda d: d if (
            d["dns_provider"] or {}).get("id") == provider else None)(
                c.get(ZONE)))
        assert seen["dns_provider"]["record_names"] == wants
        record = seen["records"][0]
        short = record["fqdn"].removesuffix("." + ZONE)
        assert record["name"] == short
        assert record["display_name"] == (
            short if wants == "short" else record["fqdn"]), record


OTHER_CAA = ('0 issue "digicert.com; policy=ev"',
             '0 iodef "mailto:security@acme.example"')
OUR_CAA = '0 issue "letsencrypt.org"'


def ours_and_others(values):
    values = list(values)
    assert values[0] == OUR_CAA and sorted(values[1:]) == sorted(OTHER_CAA), \
        values


def caa_is_added_beside_what_is_there(c):
    """The customer's CAA records forbid the certificate: one more is needed, and
    no tool may lose the others."""
    others = "".join(f"{ZONE}. 60 CAA {value}\n" for value in OTHER_CAA)
    domain = c.get(ZONE)
    c.serve(acme_example=zone_records(domain) + "\n" + others)
    c.call("POST", ZONE, "/verify")
    record = wait_for("the CAA record", lambda: next(
        (r for r in c.get(ZONE)["records"] if r["type"] == "CAA"), None))
    assert record["value"] == OUR_CAA
    assert sorted(record["status_detail"]["found"]) == sorted(OTHER_CAA), record

    bind_passes_nsd_checkzone(c)
    assert f"\n{ZONE}. 300 IN CAA {OUR_CAA}\n" in c.text("bind")

    knot = Knot(c.folder + "/knot2", others)
    try:
        subprocess.run(["/usr/bin/knsupdate"], text=True, timeout=20, check=True,
                       input=f"server 127.0.0.1 {knot.port}\n"
                             + c.text("nsupdate"))
        found = sorted(r.to_text() for r in knot.ask(ZONE, "CAA"))
        assert found == sorted((*OTHER_CAA, OUR_CAA)), found
    finally:
        knot.stop()

    rrset = next(change["ResourceRecordSet"]
                 for change in c.file("route53").json()["Changes"]
                 if change["ResourceRecordSet"]["Type"] == "CAA")
    assert rrset["Name"] == f"{ZONE}."
    ours_and_others(r["Value"] for r in rrset["ResourceRecords"])

    text = c.text("terraform")
    pathlib.Path(c.folder, "caa.tf").write_text(text)
    if shutil.which("terraform"):
        subprocess.run(["terraform", "fmt", "-check",
                        os.path.join(c.folder, "caa.tf")], check=True)
    block = text[text.index('"waxseal___caa"'):]
    ours_and_others(json.loads(re.search(r"records = (\[.*\])", block)[1]))

    folder = pathlib.Path(c.folder, "octodns-caa")
    folder.mkdir()
    (folder / f"{ZONE}.yaml").write_text(c.text("octodns"))
    [entry] = yaml.safe_load(c.text("octodns"))[""]
    assert entry["type"] == "CAA"
    ours_and_others(f'{v["flags"]} {v["tag"]} "{v["value"]}"'
                    for v in entry["values"])
    try:
        from octodns.provider.yaml import YamlProvider
        from octodns.zone import Zone
    except ImportError:
        pass
    else:
        read = Zone(f"{ZONE}.", [])
        YamlProvider("file", str(folder)).populate(read)
        [caa] = [r for r in read.records if r._type == "CAA"]
        assert len(caa.values) == 3, caa

    program = ("const none = () => null, [TXT, CNAME, MX, TTL] = "
               "[none, none, none, none];\n"
               "const CAA = (...all) => all.slice(0, 3);\n"
               "const D_EXTEND = (zone, ...all) => "
               "console.log(JSON.stringify(all.filter(r => r)));\n"
               + c.text("dnscontrol"))
    output = subprocess.run(["node", "-"], input=program, text=True,
                            stdout=subprocess.PIPE, timeout=20, check=True)
    assert json.loads(output.stdout) == [["@", "issue", "letsencrypt.org"]]


def main():
    context = Formats()
    try:
        passed, failed = run_tests([
            there_is_a_domain, bind_passes_nsd_checkzone,
            nsupdate_is_played_against_knot, route53_is_a_change_batch,
            terraform_is_hcl, octodns_is_yaml, dnscontrol_is_javascript,
            other_formats_are_refused, names_are_as_the_provider_wants_them,
            caa_is_added_beside_what_is_there], context)
        if failed:
            print(context.stack.log())
    finally:
        context.stack.stop()
        context.nsd.stop()
        shutil.rmtree(context.folder, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
