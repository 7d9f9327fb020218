"""DKIM keys on the running stack: a second algorithm, rotation from one key to
the next, keys that their owner made, and keys behind a CNAME."""
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(__file__))
from stack import Nsd, Stack, run_tests, temporary_folder, wait_for, zone_records

OWN = ("links.us-east-1 A 127.0.0.1\nbounce.us-east-1 A 127.0.0.1\n"
       '_spf.us-east-1 TXT "v=spf1 ip4:192.0.2.1 -all"\n')


class Context:
    def __init__(self):
        self.folder = temporary_folder()
        self.nsd = Nsd(self.folder + "/nsd")
        self.zones = {"waxseal.example": OWN}
        self.stack = Stack(self.folder, {
            **self.nsd.settings(),
            "WAXSEAL_VERIFY_MIN_INTERVAL": "300ms",
            "WAXSEAL_VERIFY_MAX_INTERVAL": "1s",
            "WAXSEAL_VERIFY_WATCH_INTERVAL": "1s",
            "WAXSEAL_DKIM_RETIRE_AFTER": "4s",
            "WAXSEAL_DKIM_ZONE": "keys.waxseal.example",
        })
        self.id = {}

    def serve(self, **zones):
        self.zones.update((name.replace("_", "."), text)
                          for name, text in zones.items())
        self.nsd.start(self.zones)

    def add(self, name, **body):
        answer = self.stack.call("POST", "/domains", dict(body, name=name))
        assert answer.status == 201, answer.body
        self.id[name] = answer.json()["id"]
        return answer.json()

    def call(self, method, name, suffix="", body=None):
        return self.stack.call(method, f"/domains/{self.id[name]}{suffix}",
                               body)

    def get(self, name):
        return self.call("GET", name).json()

    def keys(self, name):
        return {key["selector"]: key["state"]
                for key in self.get(name)["dkim"]["keys"]}

    def dkim(self, name):
        return {r["fqdn"].split(".")[0]: r for r in self.get(name)["records"]
                if r["record"] == "DKIM"}

    def state_becomes(self, name, state):
        return wait_for(f"{name} to be {state}",
                        lambda: self.get(name)["state"] == state)

    def waxseal(self, *words):
        return subprocess.run(
            [str(self.stack.programs / "bin/waxseal"), *words], text=True,
            env=self.stack.environment(), stdin=subprocess.DEVNULL, timeout=60,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def private_key(*words):
    return subprocess.check_output(["openssl", "genpkey", *words], text=True,
                                   stderr=subprocess.DEVNULL)


def the_first_keys_sign_once_published(c):
    c.serve()
    c.stack.start()
    domain = c.add("first.example", dkim={"ed25519": True})
    rsa, edwards = [key["selector"] for key in domain["dkim"]["keys"]]
    assert set(c.keys("first.example").values()) == {"pending"}
    lines = zone_records(domain).split("\n")
    without = [line for line in lines if not line.startswith(edwards)]
    c.serve(first_example="\n".join(without))
    c.call("POST", "first.example", "/verify")
    # Ed25519 is an addition: the domain does without
    c.state_becomes("first.example", "verified")
    assert c.keys("first.example") == {rsa: "active", edwards: "pending"}
    c.serve(first_example="\n".join(lines))
    c.call("POST", "first.example", "/verify")
    wait_for("the Ed25519 key to sign",
             lambda: c.keys("first.example")[edwards] == "active")
    assert c.dkim("first.example")[edwards]["status"] == "verified"


def a_new_key_waits_for_its_record(c):
    name = "first.example"
    old = next(s for s, k in c.dkim(name).items()
               if k["value"].startswith("p="))
    answer = c.call("POST", name, "/dkim/rotate")
    assert answer.status == 201, answer.body
    new = answer.json()["dkim"]["keys"][-1]["selector"]
    assert new not in (old, None)
    c.call("POST", name, "/verify")
    wait_for("the new record to be looked for",
             lambda: c.dkim(name)[new]["status_detail"])
    assert c.dkim(name)[new]["status_detail"]["code"] == "missing"
    assert c.keys(name)[old] == "active" and c.keys(name)[new] == "pending"
    assert c.get(name)["state"] == "verified"
    assert c.call("POST", name, "/dkim/rotate").status == 422

    c.serve(first_example=zone_records(c.get(name)))
    c.call("POST", name, "/verify")
    wait_for("the new key to sign", lambda: c.keys(name)[new] == "active")
    assert c.keys(name)[old] == "retiring"
    retiring = next(k for k in c.get(name)["dkim"]["keys"]
                    if k["selector"] == old)
    assert retiring["retires_at"] > retiring["activated_at"]
    assert old in c.dkim(name)
    wait_for("the old key to be retired", lambda: old not in c.keys(name))
    assert old not in c.dkim(name)
    c.serve(first_example=zone_records(c.get(name)))
    c.call("POST", name, "/verify")
    checked = c.get(name)["checked_at"]
    wait_for("a check", lambda: c.get(name)["checked_at"] > checked)
    assert c.get(name)["state"] == "verified"
    causes = [h["cause"] for h in c.call("GET", name, "/history").json()["data"]]
    assert "rotated" in causes, causes


def an_own_key_is_taken(c):
    pem = private_key("-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:3072")
    domain = c.add("own.example", dkim={"selector": "mail", "private_key": pem})
    assert domain["records"][0]["fqdn"] == "mail._domainkey.own.example"
    public = subprocess.run(["openssl", "pkey", "-pubout"], input=pem, text=True,
                            check=True, stdout=subprocess.PIPE).stdout
    public = "".join(public.strip().split("\n")[1:-1])
    assert domain["records"][0]["value"] == "p=" + public
    c.serve(own_example=zone_records(domain))
    c.call("POST", "own.example", "/verify")
    c.state_becomes("own.example", "verified")
    assert c.keys("own.example") == {"mail": "active"}
    # the key is in no file of the state directory in clear
    inner = "".join(pem.strip().split("\n")[1:-1])[100:160].encode()
    for path in c.stack.dir.rglob("*"):
        if path.is_file():
            assert inner not in path.read_bytes(), path
    assert inner not in (c.stack.log()).encode()


def short_keys_are_refused(c):
    pem = private_key("-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:1024")
    answer = c.stack.call("POST", "/domains", {
        "name": "short.example",
        "dkim": {"selector": "s", "private_key": pem}})
    assert answer.status == 422
    assert "1024 bits" in answer.json()["message"], answer.body


def a_cname_leads_to_the_key(c):
    name = "alias.example"
    domain = c.add(name, dkim={"form": "cname"})
    record = domain["records"][0]
    assert record["type"] == "CNAME", record
    assert record["value"].endswith(".keys.waxseal.example")
    c.serve(alias_example=zone_records(domain))
    c.call("POST", name, "/verify")
    code = wait_for("the record's diagnosis", lambda: (
        c.get(name)["records"][0]["status_detail"] or {}).get("code"))
    assert code in ("dkim_target_missing", "beyond_unknown"), code
    zone = c.waxseal("export", "dkim-zone", "--dir", str(c.stack.dir))
    assert zone.returncode == 0, zone.stderr
    assert record["value"] + ". " in zone.stdout, zone.stdout
    c.serve(**{"waxseal.example": OWN + zone.stdout})
    c.call("POST", name, "/verify")
    c.state_becomes(name, "verified")
    detail = c.get(name)["records"][0]["status_detail"]
    assert detail["code"] in ("ok", "cached_elsewhere") and \
        detail["expected"] == record["value"], detail


def main():
    context = Context()
    try:
        passed, failed = run_tests([
            the_first_keys_sign_once_published, a_new_key_waits_for_its_record,
            an_own_key_is_taken, short_keys_are_refused,
            a_cname_leads_to_the_key], context)
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
