"""The API as products use it: keys, limits, accounts, claims, lists, imports,
senders, logs. Every answer is judged against docs/openapi.yaml on the way."""
import contextlib
import http.client
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import uuid

sys.path.insert(0, os.path.dirname(__file__))
import contract
from stack import (TOP, Nsd, Stack, run_tests, temporary_folder, wait_for,
                   zone_records)

NOBODY = "00000000-0000-4000-8000-000000000000"


class World:
    """A stack with a name server, and two accounts beside the default one."""

    def __init__(self):
        self.folder = temporary_folder()
        self.nsd = Nsd(self.folder + "/nsd")
        self.stack = Stack(self.folder, {
            **self.nsd.settings(),
            "WAXSEAL_VERIFY_MIN_INTERVAL": "300ms",
            "WAXSEAL_VERIFY_MAX_INTERVAL": "500ms",
            "WAXSEAL_VERIFY_WATCH_INTERVAL": "500ms",
            "WAXSEAL_LOGS_RETENTION": "1h",
        })
        self.accounts, self.keys, self.zones = {}, {}, {}

    def publish(self, **zones):
        self.zones.update({name.replace("_", ".") + ".example": text
                           for name, text in zones.items()})
        self.nsd.start(dict(self.zones, **{
            "waxseal.example": "links.us-east-1 A 127.0.0.1\n"
                               "bounce.us-east-1 A 127.0.0.1\n"
                               '_spf.us-east-1 TXT "v=spf1 ip4:192.0.2.1 -all"'}))

    def call(self, who, method, path, body=None, **headers):
        return self.stack.call(method, path, body, self.keys[who], **headers)

    def ok(self, who, method, path, body=None, status=200, **headers):
        answer = self.call(who, method, path, body, **headers)
        assert answer.status == status, (method, path, answer.body)
        return answer.json()

    def fails(self, who, method, path, status, name, body=None, **headers):
        answer = self.call(who, method, path, body, **headers)
        assert (answer.status, answer.json()["name"]) == (status, name), \
            (method, path, answer.status, answer.body)
        return answer.json()["message"]

    def state_is(self, who, domain, state):
        return wait_for(f"{domain} of {who} to be {state}", lambda: (
            lambda d: d if d["state"] == state else None)(
                self.ok(who, "GET", f"/domains/{domain}")))


def starts(w):
    w.publish()
    w.stack.start()
    assert oct((w.stack.dir / "admin.key").stat().st_mode & 0o777) == "0o600"


def admin_makes_accounts(w):
    for name in ("ann", "bob"):
        account = w.stack.admin("POST", "/accounts", {"name": name}).json()
        assert account["max_domains"] is None and account["domains"] == 0
        w.accounts[name] = account["id"]
        key = w.stack.admin("POST", "/api-keys", {"name": "first"},
                            Waxseal_Account=account["id"])
        assert key.status == 201, key.body
        w.keys[name] = key.json()["token"]
    listed = w.stack.admin("GET", "/accounts").json()["data"]
    assert [a["name"] for a in listed] == ["bob", "ann", "default"]
    page = w.stack.admin("GET", f"/accounts?limit=1&after={listed[0]['id']}")
    assert [a["name"] for a in page.json()["data"]] == ["ann"]
    assert page.json()["has_more"] is True


def only_the_admin_manages_accounts(w):
    w.fails("ann", "GET", "/accounts", 401, "restricted_api_key")
    w.fails("ann", "POST", "/accounts", 401, "restricted_api_key", {"name": "x"})
    w.fails("ann", "GET", f"/accounts/{w.accounts['ann']}", 401,
            "restricted_api_key")
    missing = w.stack.admin("GET", "/domains")
    assert missing.status == 422 and "Waxseal-Account" in missing.json()["message"]
    assert w.stack.admin("GET", "/domains", Waxseal_Account=NOBODY).status == 404
    # the header does nothing for anybody else
    assert w.ok("ann", "GET", "/api-keys", Waxseal_Account=w.accounts["bob"]) == \
        w.ok("ann", "GET", "/api-keys")


def quotas_hold(w):
    path = f"/accounts/{w.accounts['ann']}"
    changed = w.stack.admin("PATCH", path, {"max_domains": 1}).json()
    assert changed["max_domains"] == 1 and changed["name"] == "ann"
    first = w.ok("ann", "POST", "/domains", {"name": "one.example"}, 201)
    message = w.fails("ann", "POST", "/domains", 403, "validation_error",
                      {"name": "two.example"})
    assert "limit" in message
    assert w.ok("ann", "GET", "/usage")["domains"] == {"used": 1, "limit": 1}
    w.ok("ann", "DELETE", f"/domains/{first['id']}")
    for wrong in ({"max_domains": -1}, {"max_domains": "2"}, {"name": ""},
                  {"requests_per_second": 0}, {"name": 5}):
        assert w.stack.admin("PATCH", path, wrong).status == 422, wrong
    assert w.stack.admin("PATCH", path, {"max_domains": None}).json()[
        "max_domains"] is None


def requests_are_limited(w):
    path = f"/accounts/{w.accounts['bob']}"
    w.stack.admin("PATCH", path, {"requests_per_second": 5})
    other = w.stack.admin("POST", "/api-keys", {"name": "second"},
                          Waxseal_Account=w.accounts["bob"]).json()["token"]
    seen = []
    for i in range(14):
        answer = w.stack.call("GET", "/domains", key=other if i % 2 else
                              w.keys["bob"])
        headers = answer.headers
        assert headers["ratelimit-limit"] == "5"
        assert headers["ratelimit-policy"] == "5;w=1"
        seen.append(answer.status)
        if answer.status == 429:
            assert answer.json()["name"] == "rate_limit_exceeded"
            assert int(headers["retry-after"]) >= 1
            assert headers["ratelimit-remaining"] == "0"
    assert seen.count(429) >= 2 and seen[0] == 200, seen
    time.sleep(1.1)
    assert w.call("bob", "GET", "/domains").status == 200
    w.stack.admin("PATCH", path, {"requests_per_second": None})
    assert w.call("bob", "GET", "/domains").headers["ratelimit-limit"] == "1000"
    nobody = w.stack.call("GET", "/domains", key="re_nobody")
    assert nobody.status == 403 and nobody.headers["ratelimit-limit"] == "1000"


def keys_live_and_die(w):
    domain = w.ok("ann", "POST", "/domains", {"name": "keys.example"}, 201)["id"]
    for body, status, name in (
            ({}, 422, "missing_required_field"),
            ({"name": ""}, 422, "missing_required_field"),
            ({"name": "x" * 51}, 422, "validation_error"),
            ({"name": "é" * 50, "permission": "all"}, 422, "validation_error"),
            ({"name": "k", "domain_id": domain}, 422, "validation_error"),
            ({"name": "k", "permission": "sending_access", "domain_id": "x"},
             422, "validation_error"),
            ({"name": "k", "permission": "sending_access",
              "domain_id": NOBODY}, 404, "not_found")):
        w.fails("ann", "POST", "/api-keys", status, name, body)
    made = w.ok("ann", "POST", "/api-keys", {
        "name": "é" * 50, "permission": "sending_access",
        "domain_id": domain}, 201)
    w.keys["send"] = made["token"]
    listed = w.ok("ann", "GET", "/api-keys")["data"]
    assert listed[0] == dict(listed[0], id=made["id"], name="é" * 50,
                             last_used_at=None, permission="sending_access",
                             domain_id=domain)
    assert made["token"] not in json.dumps(listed)
    message = w.fails("send", "GET", "/domains", 401, "restricted_api_key")
    assert message == "This API key is restricted to only send emails."
    assert w.ok("ann", "GET", "/api-keys")["data"][0]["last_used_at"]
    page = w.ok("ann", "GET", "/api-keys?limit=1")
    assert page["has_more"] and len(page["data"]) == 1
    after = w.ok("ann", "GET", f"/api-keys?after={made['id']}")["data"]
    assert [k["name"] for k in after] == ["first"]
    before = w.ok("ann", "GET", f"/api-keys?before={after[0]['id']}")["data"]
    assert [k["id"] for k in before] == [made["id"]]
    w.ok("ann", "PATCH", f"/api-keys/{made['id']}", {"name": "sender"})
    assert w.ok("ann", "GET", "/api-keys")["data"][0]["name"] == "sender"
    gone = w.ok("ann", "DELETE", f"/api-keys/{made['id']}")
    assert gone == {"object": "api_key", "id": made["id"], "deleted": True}
    w.fails("send", "GET", "/senders/a@keys.example", 403, "invalid_api_key")
    assert w.fails("ann", "DELETE", f"/api-keys/{made['id']}", 404,
                   "not_found") == "API key not found"
    w.ok("ann", "DELETE", f"/domains/{domain}")


def creations_are_not_repeated(w):
    once = {"Idempotency_Key": str(uuid.uuid4())}
    first = w.call("ann", "POST", "/api-keys", {"name": "once"}, **once)
    again = w.call("ann", "POST", "/api-keys", {"name": "once"}, **once)
    assert first.status == again.status == 201
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert first.headers["Idempotent-Replayed"] is None
    w.fails("ann", "POST", "/api-keys", 409, "invalid_idempotent_request",
            {"name": "twice"}, **once)
    # another caller's key of that name is another key
    assert w.ok("bob", "POST", "/api-keys", {"name": "once"}, 201, **once) != \
        first.json()
    w.fails("ann", "POST", "/api-keys", 400, "invalid_idempotency_key",
            {"name": "x"}, Idempotency_Key="k" * 257)
    # what failed may be tried again
    w.fails("ann", "POST", "/api-keys", 422, "missing_required_field", {},
            Idempotency_Key="retry")
    w.ok("ann", "POST", "/api-keys", {"name": "late"}, 201,
         Idempotency_Key="retry")
    text = (w.stack.dir / "requests.db").read_bytes() + \
        (w.stack.dir / "requests.db-wal").read_bytes()
    assert first.json()["token"].encode() not in text
    for key in w.ok("ann", "GET", "/api-keys")["data"]:
        if key["name"] in ("once", "late"):
            w.ok("ann", "DELETE", f"/api-keys/{key['id']}")


def one_of_many_at_once(w):
    answers = []

    def create():
        answers.append(w.call("ann", "POST", "/domains",
                              {"name": "once.example"}, Idempotency_Key="same"))
    threads = [threading.Thread(target=create) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made = {a.json()["id"] for a in answers if a.status == 201}
    others = {a.json()["name"] for a in answers if a.status != 201}
    assert len(made) == 1, [(a.status, a.body) for a in answers]
    assert others <= {"concurrent_idempotent_requests"}, others
    w.ok("ann", "DELETE", f"/domains/{made.pop()}")


def created_once_though_killed(w):
    """Whoever repeats a creation until it is answered gets it once, although
    the program is killed in the very moment in which it has committed."""
    done = threading.Event()
    answers = {}

    def create(name):
        while True:
            with contextlib.suppress(OSError, http.client.HTTPException):
                answer = w.call("bob", "POST", "/api-keys", {"name": name},
                                Idempotency_Key=name)
                if answer.status == 201:
                    return answer
                assert answer.status in (409, 500, 503), answer.body
            time.sleep(0.002)

    def create_many():
        while not done.is_set():
            name = f"killed {len(answers)}"
            answers[name] = create(name)

    client = threading.Thread(target=create_many)
    client.start()
    kills = 0
    until = time.monotonic() + 6
    with contextlib.closing(sqlite3.connect(w.stack.dir / "control.db",
                                            timeout=10)) as db:
        def version():
            return db.execute("PRAGMA data_version").fetchone()[0]
        def replayed():
            return [a for a in list(answers.values())
                    if a.headers["Idempotent-Replayed"]]
        while time.monotonic() < until and (kills < 5 or not replayed()):
            count = len(answers)
            wait_for("an answer", lambda: len(answers) > count)
            program = wait_for("the program", lambda: w.stack.child(
                "waxseal-domains"))
            before = version()
            while version() == before:
                pass
            with contextlib.suppress(ProcessLookupError):
                os.kill(program, signal.SIGKILL)
            kills += 1
        done.set()
        client.join()
        made = {k["id"]: k["name"]
                for k in w.ok("bob", "GET", "/api-keys")["data"]
                if k["name"].startswith("killed")}
        assert made == {a.json()["id"]: name for name, a in answers.items()}
        print(f"{len(answers)} creations, {kills} kills, {len(replayed())} "
              "answered again")
        # the token that was answered is the one that works
        for answer in replayed():
            w.keys["killed"] = answer.json()["token"]
            w.ok("killed", "GET", "/domains")
        db.execute("DELETE FROM api_keys WHERE name LIKE 'killed %'")
        db.commit()


def many_accounts_try_one_holds(w):
    w.first = w.ok("ann", "POST", "/domains", {
        "name": "acme.example", "tracking_subdomain": "links",
        "click_tracking": True, "custom_return_path": "testing"}, 201)
    w.second = w.ok("bob", "POST", "/domains", {
        "name": "acme.example", "tracking_subdomain": "links",
        "click_tracking": True, "custom_return_path": "testing"}, 201)
    assert [x["field"] for x in w.first["warnings"]] == ["custom_return_path"]
    assert w.first["records"][0]["name"] != w.second["records"][0]["name"]
    w.publish(acme=zone_records(w.first))
    w.ok("bob", "POST", f"/domains/{w.second['id']}/verify")
    w.ok("ann", "POST", f"/domains/{w.first['id']}/verify")
    w.state_is("ann", w.first["id"], "verified")
    # bob's tracking record is right, but it is not bob's domain
    def tracking():
        domain = w.ok("bob", "GET", f"/domains/{w.second['id']}")
        return domain if domain["records"][3]["status"] == "verified" else None
    pending = wait_for("bob's tracking record to be seen", tracking)
    assert pending["state"] == "pending" and pending["claim_needed"]
    message = w.ok("bob", "POST", "/messages", {
        "domain": "acme.example", "html": '<a href="https://x.example/">x</a>'},
        201)
    assert "links.acme.example" not in message["html"], message
    w.fails("bob", "POST", "/domains", 403, "validation_error",
            {"name": "acme.example"})
    # with every record of bob's in place he waits, as ann holds the name
    w.publish(acme=zone_records(w.first) + "\n" +
              zone_records({"records": w.second["records"][:1]}))
    w.ok("bob", "POST", f"/domains/{w.second['id']}/verify")
    wait_for("bob's key to be seen", lambda: w.ok(
        "bob", "GET", f"/domains/{w.second['id']}")["records"][0]["status"] ==
        "verified")
    assert w.ok("bob", "GET", f"/domains/{w.second['id']}")["state"] == "pending"
    assert w.ok("ann", "GET", f"/domains/{w.first['id']}")["state"] == "verified"


def a_claim_moves_the_domain(w):
    w.fails("bob", "GET", f"/domains/{w.second['id']}/claim", 404, "not_found")
    w.fails("bob", "POST", "/domains/claim", 422, "validation_error",
            {"name": "unheld.example"})
    claim = w.ok("bob", "POST", "/domains/claim", {"name": "acme.example"}, 201)
    assert claim["status"] == "pending" and claim["domain_id"] == w.second["id"]
    assert claim["record"]["value"] == w.second["records"][0]["value"]
    assert w.ok("bob", "POST", "/domains/claim", {"name": "acme.example"}) == \
        dict(claim, record=w.ok("bob", "GET", f"/domains/{w.second['id']}/claim")[
            "record"])
    w.ok("bob", "POST", f"/domains/{w.second['id']}/claim/verify")
    w.state_is("bob", w.second["id"], "verified")
    claim = w.ok("bob", "GET", f"/domains/{w.second['id']}/claim")
    assert claim["status"] == "completed"
    w.fails("ann", "GET", f"/domains/{w.first['id']}", 404, "not_found")
    w.fails("bob", "POST", f"/domains/{w.second['id']}/claim/verify", 422,
            "validation_error")


def senders_are_told(w):
    sender = w.ok("bob", "GET", "/senders/news@acme.example")
    selector = w.second["records"][0]["name"].split(".")[0]
    assert sender == {
        "object": "sender", "address": "news@acme.example", "allowed": True,
        "reason": "verified", "domain": "acme.example",
        "domain_id": w.second["id"], "subdomain": False,
        "return_path": "testing.acme.example", "tls": "opportunistic",
        "dkim": [{"selector": selector, "algorithm": "rsa-2048"}]}
    below = w.ok("bob", "GET", "/senders/a%40deep.mail.acme.example")
    assert below["allowed"] and below["subdomain"]
    unverified = w.ok("bob", "POST", "/domains", {"name": "mail.acme.example"},
                      201)["id"]
    assert w.ok("bob", "GET", "/senders/a@mail.acme.example")["allowed"]
    w.ok("bob", "DELETE", f"/domains/{unverified}")
    assert w.ok("bob", "GET", "/senders/a@notacme.example") == {
        "object": "sender", "address": "a@notacme.example", "allowed": False,
        "reason": "unknown_domain", "domain": None, "domain_id": None,
        "subdomain": False, "return_path": None, "tls": None, "dkim": []}
    assert not w.ok("ann", "GET", "/senders/news@acme.example")["allowed"]
    w.fails("bob", "GET", "/senders/nothing%20at%20all", 422, "validation_error")
    key = w.ok("bob", "POST", "/api-keys", {
        "name": "mta", "permission": "sending_access",
        "domain_id": w.second["id"]}, 201)["token"]
    assert w.stack.call("GET", "/senders/x@acme.example", key=key).json()["allowed"]


def lists_are_filtered(w):
    w.ok("bob", "POST", "/domains", {"name": "eu.example",
                                     "region": "eu-west-1"}, 201)
    def names(query):
        return [d["name"] for d in w.ok("bob", "GET", "/domains" + query)["data"]]
    assert names("") == ["eu.example", "acme.example"]
    assert names("?status=verified") == ["acme.example"]
    assert names("?status=not_started&limit=5") == ["eu.example"]
    assert names("?region=eu-west-1") == ["eu.example"]
    assert names("?region=eu-west-1&status=failed") == []
    w.fails("bob", "GET", "/domains?status=great", 422, "validation_error")
    w.fails("bob", "GET", "/domains?region=mars", 422, "invalid_region")
    w.fails("bob", "GET", "/domains?format=xml", 422, "validation_error")
    csv = w.stack.fetch("GET", "/domains?format=csv&status=verified", None,
                        {"Authorization": f"Bearer {w.keys['bob']}"})
    assert csv.headers["Content-Type"] == "text/csv; charset=utf-8"
    head, row, end = csv.body.decode().split("\r\n")
    assert head.startswith("id,name,status") and end == ""
    assert row.startswith(f"{w.second['id']},acme.example,verified,us-east-1,")


def domains_are_imported(w):
    lines = [{"name": "import1.example"}, {"name": "not a name"}, None,
             {"name": "import2.example", "region": "eu-west-1"},
             {"name": "import1.example"}]
    body = "\r\n".join("" if x is None else json.dumps(x) for x in lines) + \
        "\n{broken\n"
    answer = w.stack.fetch("POST", "/domains/import", body,
                           {"Authorization": f"Bearer {w.keys['bob']}"})
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    results = [json.loads(line) for line in answer.body.splitlines()]
    assert [(r["line"], r["status"]) for r in results] == \
        [(1, 201), (2, 422), (4, 201), (5, 403), (6, 400)], results
    assert results[2]["domain"]["region"] == "eu-west-1"
    assert results[1]["error"]["name"] == "validation_error"


def requests_are_listed(w):
    answer = w.call("bob", "POST", "/api-keys", {"name": "logged"})
    wait_for("the request to be listed", lambda: w.call(
        "bob", "GET", f"/logs/{answer.headers['X-Request-Id']}").status == 200)
    log = w.ok("bob", "GET", f"/logs/{answer.headers['X-Request-Id']}")
    assert log == dict(log, endpoint="/api-keys", method="POST",
                       response_status=201, request_body={"name": "logged"})
    assert log["response_body"] == dict(answer.json(), token="[redacted]")
    page = w.ok("bob", "GET", "/logs?limit=3")
    assert len(page["data"]) == 3 and page["has_more"]
    rest = w.ok("bob", "GET", f"/logs?limit=2&after={page['data'][-1]['id']}")
    assert not {x["id"] for x in rest["data"]} & {x["id"] for x in page["data"]}
    assert not [x for x in w.ok("bob", "GET", "/logs?limit=100")["data"]
                if "/senders" in x["endpoint"]]
    assert answer.json()["token"] not in w.stack.log()
    assert answer.headers["X-Request-Id"] in (w.stack.folder / "log").read_text()


def usage_counts(w):
    usage = w.ok("bob", "GET", "/usage")
    assert usage["emails"]["daily"]["used"] == 1, usage
    assert usage["rate_limit"] == {"limit": 1000, "duration": "1s"}


def foreign_ids(w):
    """Of everything that bob has, by the parameter or field it goes into."""
    return {
        "domain": w.second["id"],
        "key": w.ok("bob", "GET", "/api-keys")["data"][0]["id"],
        "log": w.ok("bob", "GET", "/logs")["data"][0]["id"],
        "claim": w.ok("bob", "GET", f"/domains/{w.second['id']}/claim")["id"],
        "account": w.accounts["bob"],
        "webhook": w.ok("bob", "GET", "/webhooks")["data"][0]["id"],
        "message": w.message,
        "erasure": w.erasure,
    }


def no_endpoint_leaks(w):
    """Every endpoint with every id of another account answers as it does with
    an id that nobody has."""
    w.ok("bob", "POST", "/webhooks", {
        "endpoint": "https://hooks.example.com/", "events": ["domain.created"]},
        201)
    w.message = w.ok("bob", "POST", "/messages", {
        "domain": w.second["id"], "html": "x"}, 201)["id"]
    w.erasure = w.ok("bob", "POST", "/erasures", {"message_id": NOBODY},
                     201)["id"]
    assert w.ok("bob", "GET", f"/messages/{w.message}")["id"] == w.message
    body = {"name": "stolen", "domain": w.second["id"], "html": "x"}
    tried = 0
    for template, operations in contract.document()["paths"].items():
        if "{id}" not in template:
            continue
        for method in operations:
            if method not in ("get", "post", "patch", "delete"):
                continue
            for kind, foreign in foreign_ids(w).items():
                def ask(identifier):
                    path = template.replace("{id}", identifier)
                    for name in ("selector", "event"):
                        path = path.replace("{%s}" % name, "x")
                    sent = body if method in ("post", "patch") else None
                    answer = w.call("ann", method.upper(), path, sent)
                    return answer.status, answer.json()
                stolen, nothing = ask(foreign), ask(NOBODY)
                assert stolen == nothing, (method, template, kind, stolen)
                assert stolen[0] in (401, 404), (method, template, kind, stolen)
                tried += 1
    assert tried >= 120, tried
    for path in ("/domains", "/api-keys", "/logs", "/webhooks"):
        for foreign in foreign_ids(w).values():
            for cursor in ("after", "before"):
                w.fails("ann", "GET", f"{path}?{cursor}={foreign}", 422,
                        "validation_error")
    w.fails("ann", "POST", "/messages", 404, "not_found", body)
    w.fails("ann", "POST", "/messages", 404, "not_found",
            {"domain": "acme.example", "html": "x"})
    for path in ("/events", "/events/export", "/events/links", "/events/tags",
                 "/emails/metrics"):
        w.fails("ann", "GET", f"{path}?domain_id={w.second['id']}", 404,
                "not_found")
    assert w.ok("ann", "GET", f"/events?message_id={w.message}")["data"] == []
    w.fails("ann", "POST", "/api-keys", 404, "not_found",
            {"name": "x", "permission": "sending_access",
             "domain_id": w.second["id"]})
    foreign = set(foreign_ids(w).values())
    for path in ("/domains", "/api-keys", "/logs?limit=100"):
        listed = {x["id"] for x in w.ok("ann", "GET", path)["data"]}
        assert not listed & foreign, path
    # nothing has happened to any of it
    assert w.ok("bob", "GET", f"/domains/{w.second['id']}")["state"] == "verified"
    assert "stolen" not in json.dumps(w.ok("bob", "GET", "/api-keys"))


def errors_of_the_web_server_are_told_apart(w):
    answer = w.stack.fetch("GET", "/domains", None,
                           {"Authorization": "Bearer " + "x" * 70000})
    assert answer.status == 400 and answer.json()["name"] == "validation_error"
    answer = w.stack.fetch("POST", "/domains", "x" * (2 << 20),
                           {"Authorization": f"Bearer {w.keys['ann']}"})
    assert answer.status == 413
    # as any other answer: counted, named, logged
    limit = int(answer.headers["ratelimit-limit"])
    assert answer.headers["ratelimit-policy"] == f"{limit};w=1"
    assert int(answer.headers["ratelimit-remaining"]) < limit
    name = answer.headers["X-Request-Id"]
    logged = wait_for("the request in the list", lambda: [
        x for x in w.ok("ann", "GET", "/logs?limit=20")["data"]
        if x["id"] == name])
    assert logged[0]["response_status"] == 413, logged


def the_web_server_answers_alone(w):
    """While the program cannot be reached the answer is still the API's."""
    socket = w.stack.dir / "run/domains.sock"
    moved = socket.with_suffix(".moved")
    socket.rename(moved)
    try:
        answer = w.call("ann", "GET", "/domains")
    finally:
        moved.rename(socket)
    assert answer.status == 503 and answer.json()["name"] == "application_error"
    assert answer.headers["Retry-After"] == "1"
    assert answer.headers["ratelimit-remaining"] == "0"
    assert len(answer.headers["X-Request-Id"]) == 36


def clients_have_quirks(w):
    """What official clients send that others would not."""
    auth = {"Authorization": f"Bearer {w.keys['ann']}"}
    domain = w.ok("ann", "POST", "/domains", {"name": "quirk.example"}, 201)["id"]
    # PHP escapes slashes and sends {} on verify; Python sends {} with GET
    sent = w.stack.fetch("POST", f"/domains/{domain}/verify", "{}", dict(
        auth, **{"User-Agent": "resend-php/1.10.0",
                 "Content-Type": "application/json"}))
    assert sent.json() == {"object": "domain", "id": domain}
    assert w.stack.fetch("GET", "/domains", "{}", dict(
        auth, **{"User-Agent": "resend-python:2.39.0"})).status == 200
    assert w.stack.fetch("POST", "/api-keys", r'{"name":"a\/b"}', auth).status \
        == 201
    assert w.ok("ann", "GET", "/api-keys")["data"][0]["name"] == "a/b"
    # Ruby and Java put the id into the body; Java writes tls in capitals
    assert w.stack.fetch("PATCH", f"/domains/{domain}", json.dumps(
        {"id": domain, "tls": "ENFORCED"}), dict(
            auth, **{"User-Agent": "resend-java/4.20.0"})).status == 200
    assert w.ok("ann", "GET", f"/domains/{domain}")["tls"] == "enforced"
    # Go has a slash at the end of its base, and no content type; .NET sends
    # both toggles with every update
    assert w.stack.fetch("GET", "//domains", None, dict(
        auth, **{"User-Agent": "resend-go/3.12.0"})).status == 200
    assert w.stack.fetch("PATCH", f"/domains/{domain}", json.dumps(
        {"click_tracking": False, "open_tracking": False}), dict(
            auth, **{"User-Agent": "resend-sdk/0.11.0 dotnet/8.0"})).status == 200
    # an empty body with a JSON type, as Node sends it
    assert w.stack.fetch("POST", f"/domains/{domain}/verify", "", dict(
        auth, **{"Content-Type": "application/json"})).status == 200
    # chunked bodies without a length, as Go sends them
    assert w.stack.fetch("POST", "/api-keys", iter([b'{"name":', b'"go"}\n']),
                         auth).status == 201


def an_account_ends(w):
    gone = w.stack.admin("DELETE", f"/accounts/{w.accounts['bob']}")
    assert gone.json() == {"object": "account", "id": w.accounts["bob"],
                           "deleted": True}
    w.fails("bob", "GET", "/domains", 403, "invalid_api_key")
    assert w.stack.admin("GET", f"/accounts/{w.accounts['bob']}").status == 404
    # the name is free again
    w.ok("ann", "POST", "/domains", {"name": "acme.example"}, 201)


def the_command_line_administers(w):
    tool = str(w.stack.programs / "bin/waxseal")

    def run(*words, code=0, given=None):
        done = subprocess.run([tool, *words], capture_output=True, text=True,
                              input=given, timeout=60,
                              env=w.stack.environment())
        assert done.returncode == code, (words, done.stdout, done.stderr)
        return done.stdout if code == 0 else done.stderr
    here = ("--dir", str(w.stack.dir))
    account = json.loads(run("account", "add", "Shell Ltd", "--max-domains", "3",
                             "--json", *here))
    assert account["max_domains"] == 3
    assert "Shell Ltd" in run("account", "list", *here)
    run("account", "set", "Shell Ltd", "--max-domains", "none",
        "--requests-per-second", "50", *here)
    for_it = ("--account", "Shell Ltd", *here)
    key = run("key", "add", "first", *for_it).strip()
    w.keys["shell"] = key
    assert w.ok("shell", "GET", "/usage")["rate_limit"]["limit"] == 50
    names = '{"name":"shell1.example"}\n{"name":"shell2.example"}\n{"name":"?"}\n'
    lines = run("domain", "import", "-", *for_it, given=names).splitlines()
    assert [json.loads(line)["status"] for line in lines] == [201, 201, 422]
    listed = run("domain", "list", *for_it)
    assert "shell1.example" in listed and "acme.example" not in listed
    assert "is deleted" in run("domain", "delete", "shell1.example", *for_it)
    assert "No other account holds" in run("domain", "claim", "x.example",
                                           *for_it, code=1)
    number = json.loads(run("key", "list", "--json", *for_it))["data"][0]["id"]
    run("key", "rename", number, "other", *for_it)
    assert "other" in run("key", "list", *for_it)
    # by URL and with the key in the environment or a file
    file = w.stack.folder / "shell.key"
    file.write_text(key + "\n")
    url = f"http://127.0.0.1:{w.stack.api}/"
    assert "shell2.example" in run("domain", "list", "--url", url, "--key-file",
                                   str(file))
    run("key", "delete", number, *for_it)
    w.fails("shell", "GET", "/usage", 403, "invalid_api_key")
    run("account", "delete", "Shell Ltd", *here, code=2)
    run("account", "delete", "Shell Ltd", "--yes", *here)
    assert "there is no account" in run("domain", "list", *for_it, code=1)


def every_command_is_described(w):
    """In the manual page, and in what shells complete."""
    tool = w.stack.programs / "bin/waxseal"
    script = subprocess.check_output([tool, "completion", "bash"], text=True)
    commands = subprocess.check_output(
        ["bash", "-c", script + "\n_waxseal_commands"], text=True,
        env=dict(os.environ, PATH=f"{tool.parent}:{os.environ['PATH']}")).split("\n")
    manual = (TOP / "docs/waxseal.1").read_text().replace("\\-", "-")
    assert len(commands) > 30, commands
    for command in filter(None, commands):
        assert f"\n.B {command}" in manual, command
    zsh = subprocess.check_output([tool, "completion", "zsh"], text=True)
    assert zsh.startswith("#compdef waxseal")


def stops(w):
    assert w.stack.stop() == 0


TESTS = [
    starts, admin_makes_accounts, only_the_admin_manages_accounts, quotas_hold,
    requests_are_limited, keys_live_and_die, creations_are_not_repeated,
    one_of_many_at_once, created_once_though_killed, many_accounts_try_one_holds, a_claim_moves_the_domain,
    senders_are_told, lists_are_filtered, domains_are_imported,
    requests_are_listed, usage_counts, no_endpoint_leaks,
    errors_of_the_web_server_are_told_apart, the_web_server_answers_alone,
    clients_have_quirks,
    an_account_ends, the_command_line_administers, every_command_is_described,
    stops,
]


if __name__ == "__main__":
    world = World()
    try:
        passed, failed = run_tests(TESTS, world)
        if failed:
            print(world.stack.log())
    finally:
        world.stack.stop()
        world.nsd.stop()
        shutil.rmtree(world.folder, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
