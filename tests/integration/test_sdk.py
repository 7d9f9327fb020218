"""The official resend SDK for Node against the real stack: the whole life of a
domain, API keys, logs, usage, and every error."""
import json
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(__file__))
from stack import (Nsd, Stack, run_tests, temporary_folder, wait_for,
                   zone_records)

HERE = pathlib.Path(__file__).resolve().parent
NOBODY = "00000000-0000-4000-8000-000000000000"


class Client:
    """Node with the SDK, pointed at the stack by its environment."""

    def __init__(self, stack):
        self.process = subprocess.Popen(
            ["node", str(HERE / "resend_client.mjs")], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True,
            env=dict(os.environ, RESEND_API_KEY=stack.key,
                     RESEND_BASE_URL=f"http://127.0.0.1:{stack.api}"))

    def send(self, call, args, key=None):
        self.process.stdin.write(json.dumps(
            {"call": call, "args": args, "key": key}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, (call, "the client ended")
        return json.loads(line)

    def ok(self, call, *args, key=None):
        answer = self.send(call, args, key)
        assert answer["error"] is None, (call, args, answer)
        return answer["data"]

    def fails(self, status, name, call, *args, key=None):
        answer = self.send(call, args, key)
        assert answer["data"] is None, (call, args, answer)
        error = answer["error"]
        assert (error["statusCode"], error["name"]) == (status, name), error
        return error["message"]

    def stop(self):
        self.process.stdin.close()
        self.process.wait(10)


class World:
    def __init__(self):
        self.folder = temporary_folder()
        self.nsd = Nsd(self.folder + "/nsd")
        self.stack = Stack(self.folder, {
            **self.nsd.settings(),
            "WAXSEAL_VERIFY_MIN_INTERVAL": "300ms",
            "WAXSEAL_VERIFY_MAX_INTERVAL": "500ms",
        })
        self.sdk = None
        self.domain = None

    def publish(self, records):
        self.nsd.start({"sdk.example": records, "waxseal.example":
                        "links.us-east-1 A 127.0.0.1\n"
                        "bounce.us-east-1 A 127.0.0.1\n"
                        '_spf.us-east-1 TXT "v=spf1 ip4:192.0.2.1 -all"'})

    def get(self):
        return self.sdk.ok("domains.get", self.domain["id"])


def starts(w):
    w.publish("")
    w.stack.start()
    w.sdk = Client(w.stack)


def creates(w):
    w.domain = w.sdk.ok("domains.create", {
        "name": "sdk.example", "region": "us-east-1",
        "customReturnPath": "outbound", "trackingSubdomain": "links",
        "openTracking": True, "clickTracking": False, "tls": "enforced",
        "capabilities": {"sending": "enabled", "receiving": "disabled"}})
    d = w.domain
    assert (d["status"], d["open_tracking"], d["click_tracking"]) == \
        ("not_started", True, False), d
    assert d["tracking_subdomain"] == "links"
    assert {r["name"] for r in d["records"]} >= {"outbound", "links"}
    assert all(r["ttl"] == "Auto" for r in d["records"])
    assert w.get()["object"] == "domain"


def lists(w):
    others = [w.sdk.ok("domains.create", {"name": f"list{i}.example"})["id"]
              for i in range(3)]
    everything = w.sdk.ok("domains.list")
    assert [d["name"] for d in everything["data"]] == [
        "list2.example", "list1.example", "list0.example", "sdk.example"]
    assert everything["has_more"] is False
    first = w.sdk.ok("domains.list", {"limit": 2})
    assert first["has_more"] is True and len(first["data"]) == 2
    rest = w.sdk.ok("domains.list", {"limit": 2, "after": others[1]})
    assert [d["name"] for d in rest["data"]] == ["list0.example", "sdk.example"]
    back = w.sdk.ok("domains.list", {"limit": 2, "before": others[0]})
    assert [d["id"] for d in back["data"]] == [others[2], others[1]]
    for other in others:
        assert w.sdk.ok("domains.remove", other) == {
            "object": "domain", "id": other, "deleted": True}


def verifies(w):
    assert w.sdk.ok("domains.verify", w.domain["id"]) == {
        "object": "domain", "id": w.domain["id"]}
    assert w.get()["status"] == "pending"
    w.publish(zone_records(w.domain))
    wait_for("the domain to be verified",
             lambda: w.get()["status"] == "verified")
    assert {r["status"] for r in w.get()["records"]} == {"verified"}


def updates(w):
    assert w.sdk.ok("domains.update", {
        "id": w.domain["id"], "clickTracking": True, "openTracking": False,
        "tls": "opportunistic", "trackingSubdomain": "go"}) == {
            "object": "domain", "id": w.domain["id"]}
    d = w.get()
    assert (d["click_tracking"], d["open_tracking"]) == (True, False)
    tracking = [r for r in d["records"] if r["record"] == "Tracking"]
    assert [(r["name"], r["status"]) for r in tracking] == \
        [("links", "verified"), ("go", "pending")]
    w.publish(zone_records(d))
    w.sdk.ok("domains.verify", w.domain["id"])
    wait_for("the new tracking host", lambda: [
        r["status"] for r in w.get()["records"] if r["name"] == "go"] ==
        ["verified"])
    w.sdk.fails(422, "validation_error", "domains.update", {
        "id": w.domain["id"], "capabilities": {"receiving": "enabled"}})


def keys(w):
    made = w.sdk.ok("apiKeys.create", {
        "name": "sdk", "permission": "sending_access",
        "domain_id": w.domain["id"]})
    assert made["token"].startswith("re_")
    listed = w.sdk.ok("apiKeys.list")["data"]
    assert listed[0]["id"] == made["id"] and listed[0]["last_used_at"] is None
    assert w.sdk.fails(401, "restricted_api_key", "domains.list",
                       key=made["token"])
    w.sdk.ok("apiKeys.update", made["id"], {"name": "renamed"})
    assert w.sdk.ok("apiKeys.list")["data"][0]["name"] == "renamed"
    w.sdk.ok("apiKeys.remove", made["id"])
    w.sdk.fails(403, "invalid_api_key", "domains.list", key=made["token"])


def repeats_nothing(w):
    once = {"idempotencyKey": "k-1"}
    first = w.sdk.ok("apiKeys.create", {"name": "once"}, once)
    assert w.sdk.ok("apiKeys.create", {"name": "once"}, once) == first
    w.sdk.fails(409, "invalid_idempotent_request", "apiKeys.create",
                {"name": "other"}, once)


def claims(w):
    account = w.stack.admin("POST", "/accounts", {"name": "other"}).json()
    other = w.stack.admin("POST", "/api-keys", {"name": "k"},
                          Waxseal_Account=account["id"]).json()["token"]
    w.sdk.fails(403, "validation_error", "domains.create",
                {"name": "sdk.example"}, key=other)
    claim = w.sdk.ok("domains.claims.create", {"name": "sdk.example"}, key=other)
    assert claim["object"] == "domain_claim" and claim["status"] == "pending"
    assert w.sdk.ok("domains.claims.get", claim["domain_id"], key=other)[
        "id"] == claim["id"]
    assert w.sdk.ok("domains.claims.verify", claim["domain_id"], key=other)[
        "status"] == "pending"
    w.sdk.ok("domains.remove", claim["domain_id"], key=other)


def logs_and_usage(w):
    usage = w.sdk.ok("usage.get")
    assert usage["object"] == "usage" and usage["domains"]["used"] == 1
    logs = wait_for("requests to be listed",
                    lambda: w.sdk.ok("logs.list", {"limit": 3})["data"])
    entry = w.sdk.ok("logs.get", logs[0]["id"])
    assert entry["object"] == "log"
    assert entry["user_agent"].startswith("resend-node:"), entry


def errors(w):
    sdk = w.sdk
    sdk.fails(403, "invalid_api_key", "domains.list", key="re_12345678_wrong")
    for name, status, options in (
            ("missing_required_field", 422, {"name": ""}),
            ("validation_error", 422, {"name": "no domain"}),
            ("validation_error", 422, {"name": "co.uk"}),
            ("validation_error", 422, {"name": "gmail.com"}),
            ("invalid_region", 422, {"name": "x.example", "region": "mars"}),
            ("validation_error", 422, {"name": "x.example", "tls": "maybe"}),
            ("validation_error", 422, {"name": "x.example",
                                       "customReturnPath": "1send"}),
            ("validation_error", 403, {"name": "sdk.example"})):
        sdk.fails(status, name, "domains.create", options)
    sdk.fails(404, "not_found", "domains.get", NOBODY)
    sdk.fails(422, "validation_error", "domains.get", "no-uuid")
    sdk.fails(404, "not_found", "domains.verify", NOBODY)
    sdk.fails(404, "not_found", "domains.remove", NOBODY)
    assert sdk.fails(404, "not_found", "apiKeys.remove", NOBODY) == \
        "API key not found"
    sdk.fails(404, "not_found", "domains.claims.get", NOBODY)
    message = sdk.fails(422, "validation_error", "domains.list", {"limit": 101})
    assert message.startswith("The pagination limit must be a number between 1 "
                              "and 100.")
    sdk.fails(422, "validation_error", "domains.list", {"after": NOBODY})
    sdk.fails(422, "validation_error", "apiKeys.create",
              {"name": "x", "permission": "everything"})
    sdk.fails(404, "not_found", "oauthGrants.list")
    w.stack.settings["WAXSEAL_API_RATE_LIMIT"] = "1"
    sdk.stop()
    w.stack.start()
    w.sdk = sdk = Client(w.stack)
    answers = [sdk.send("domains.list", []) for _ in range(5)]
    limited = [a["error"] for a in answers if a["error"]]
    assert limited and limited[0]["name"] == "rate_limit_exceeded", answers


def stops(w):
    w.sdk.stop()
    assert w.stack.stop() == 0


TESTS = [starts, creates, lists, verifies, updates, keys, repeats_nothing,
         claims, logs_and_usage, errors, stops]


if __name__ == "__main__":
    world = World()
    try:
        passed, failed = run_tests(TESTS, world)
        if failed:
            print(world.stack.log())
    finally:
        if world.sdk:
            world.sdk.process.kill()
        world.stack.stop()
        world.nsd.stop()
        shutil.rmtree(world.folder, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
