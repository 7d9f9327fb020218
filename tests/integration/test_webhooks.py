"""Webhooks through the real stack: managed by the official resend SDK, received
by a local sink and verified by the official svix library, while the worker is
killed, endpoints fail, hang, redirect or are where they must not be."""
import collections
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import uuid

sys.path.insert(0, os.path.dirname(__file__))
from stack import (Nsd, Stack, request, run_tests, temporary_folder, wait_for,
                   zone_records)
from webhook_sink import Sink

HERE = pathlib.Path(__file__).resolve().parent
API_TIME = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}\+00$")
ISO_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
ATTEMPTS = 4
DOMAIN_EVENTS = ["domain.created", "domain.updated", "domain.deleted"]


class Client:
    """Node with the official clients."""

    def __init__(self, stack):
        self.process = subprocess.Popen(
            ["node", str(HERE / "webhook_client.mjs")], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True,
            env=dict(os.environ, RESEND_API_KEY=stack.key,
                     RESEND_BASE_URL=f"http://127.0.0.1:{stack.api}"))

    def send(self, **command):
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def call(self, path, *args):
        """A call of the SDK that must work."""
        answer = self.send(call=path, args=args)
        assert answer["error"] is None, (path, args, answer)
        return answer["data"]

    def fails(self, status, name, path, *args):
        answer = self.send(call=path, args=args)
        assert answer["data"] is None, answer
        error = answer["error"]
        assert (error["statusCode"], error["name"]) == (status, name), error
        return error["message"]

    def verify(self, delivery, secret, by="svix"):
        """The payload, or None if the signature is not good."""
        names = ("svix-id", "svix-timestamp", "svix-signature")
        answer = self.send(verify=by, secret=secret, body=delivery.body,
                           headers={n: delivery.headers[n] for n in names})
        return answer.get("payload")

    def stop(self):
        # it may have died, and what was started after it must be stopped too
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait(10)


class Context:
    def __init__(self):
        self.folder = temporary_folder()
        self.nsd = Nsd(self.folder + "/nsd")
        self.sink = Sink()
        resolver = self.folder + "/slow_dns.so"
        subprocess.run(["gcc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o",
                        resolver, str(HERE / "tool_slow_dns.c"), "-ldl"],
                       check=True)
        self.certify("trusted")
        self.certify("stranger")
        self.tls = Sink(self.certificate("trusted"))
        self.stranger = Sink(self.certificate("stranger"))
        self.stack = Stack(self.folder, {
            **self.nsd.settings(),
            "WAXSEAL_VERIFY_MIN_INTERVAL": "300ms",
            "WAXSEAL_VERIFY_MAX_INTERVAL": "500ms",
            "WAXSEAL_VERIFY_WATCH_INTERVAL": "1s",
            "WAXSEAL_EVENTS_HOLD": "1s",
            "WAXSEAL_WEBHOOK_ALLOW_NETWORKS": "127.0.0.1/32",
            "WAXSEAL_WEBHOOK_SCHEDULE": "0s 300ms 300ms 300ms",
            "WAXSEAL_WEBHOOK_TIMEOUT": "2s",
            "WAXSEAL_WEBHOOK_DISABLE_AFTER": "8s",
            "LD_PRELOAD": resolver,
            "WAXSEAL_WEBHOOK_CA_FILE": self.folder + "/trusted.pem",
        })
        self.client = None
        self.domain = None
        self.flag = False

    def certificate(self, name):
        return (f"{self.folder}/{name}.pem", f"{self.folder}/{name}.key")

    def certify(self, name):
        pem, key = self.certificate(name)
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
             "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
             "-keyout", key, "-out", pem], check=True, capture_output=True)
        os.chmod(pem, 0o644)

    @contextlib.contextmanager
    def webhook(self, url, events=("domain.updated",)):
        made = self.client.call("webhooks.create",
                                {"endpoint": url, "events": list(events)})
        try:
            yield made
        finally:
            self.client.send(call="webhooks.remove", args=[made["id"]])

    def change(self):
        """Makes one domain.updated."""
        self.flag = not self.flag
        self.client.call("domains.update", {"id": self.domain["id"],
                                            "openTracking": self.flag})

    def control(self, sql, *values):
        db = sqlite3.connect(self.stack.dir / "control.db", timeout=10)
        with contextlib.closing(db), db:
            db.execute(sql, values)

    def events(self, webhook, **options):
        return self.client.call("webhooks.events.list",
                                {"webhookId": webhook["id"], **options})["data"]

    def event_is(self, webhook, status, seconds=15):
        """Waits for the webhook's newest event to be so; returns it."""
        def newest():
            events = self.events(webhook)
            return events and events[0]["status"] == status and events[0]
        return wait_for(f"an event to be {status}", newest, seconds)

    def attempts(self, webhook, event):
        return self.client.call("webhooks.events.attempts.list",
                                {"webhookId": webhook["id"],
                                 "eventId": event["id"]})["data"]

    def arrives(self, path, type=None, count=1, seconds=15, sink=None):
        sink = sink or self.sink
        return wait_for(f"{count} deliveries to {path}",
                        lambda: (lambda d: d if len(d) >= count else None)(
                            sink.of(path, type)), seconds)


def starts(c):
    c.nsd.start({"hooks.example": "", "waxseal.example": "x A 127.0.0.1"})
    c.stack.start()
    c.client = Client(c.stack)
    c.domain = c.client.call("domains.create", {"name": "hooks.example"})


def the_sdk_manages_webhooks(c):
    call = c.client.call
    made = call("webhooks.create", {"endpoint": c.sink.url("/ok/a"),
                                    "events": ["email.clicked", "email.sent",
                                               "email.clicked"]})
    assert made.keys() == {"object", "id", "signing_secret"}, made
    assert re.match(r"^whsec_[A-Za-z0-9+/]{32}$", made["signing_secret"])
    got = call("webhooks.get", made["id"])
    assert got["signing_secret"] == made["signing_secret"]
    assert (got["object"], got["status"]) == ("webhook", "enabled"), got
    assert got["endpoint"] == c.sink.url("/ok/a")
    assert sorted(got["events"]) == ["email.clicked", "email.sent"], got
    assert API_TIME.match(got["created_at"]), got
    call("webhooks.update", made["id"], {"events": ["domain.created"],
                                         "status": "disabled"})
    other = call("webhooks.create", {"endpoint": "https://example.com/hook",
                                     "events": ["domain.deleted"]})
    listed = call("webhooks.list")
    assert [w["id"] for w in listed["data"]] == [other["id"], made["id"]]
    assert not listed["has_more"] and "signing_secret" not in listed["data"][0]
    assert listed["data"][1]["status"] == "disabled"
    assert listed["data"][1]["events"] == ["domain.created"]
    page = call("webhooks.list", {"limit": 1, "after": other["id"]})
    assert [w["id"] for w in page["data"]] == [made["id"]], page
    assert not page["has_more"]
    page = call("webhooks.list", {"limit": 1})
    assert page["has_more"] and page["data"][0]["id"] == other["id"], page
    for webhook in (made, other):
        removed = call("webhooks.remove", webhook["id"])
        assert removed == {"object": "webhook", "id": webhook["id"],
                           "deleted": True}, removed
    assert call("webhooks.list")["data"] == []


def bad_webhooks_are_refused(c):
    def refused(body, says, name="validation_error"):
        message = c.client.fails(422, name, "webhooks.create", body)
        assert says in message, message

    good = {"endpoint": "https://example.com/", "events": ["email.opened"]}
    refused({"events": good["events"]}, "endpoint", "missing_required_field")
    refused({"endpoint": good["endpoint"]}, "events", "missing_required_field")
    refused({**good, "events": []}, "at least one")
    refused({**good, "events": ["email.eaten"]}, "email.eaten")
    refused({**good, "events": [7]}, "strings")
    for endpoint, says in [
            ("example.com", "URL"), ("ftp://example.com/", "https"),
            ("http://example.com/", None), ("https://u:p@example.com/", "user"),
            ("https://example.com/#x", "fragment"),
            ("https://example.com:25/", "port"),
            ("https://127.0.0.2/", "public"), ("https://10.1.2.3/", "public"),
            ("https://[::1]/", "public"), ("https://0x7f.2/", "public"),
            ("https://2130706434/", "public"), ("https://169.254.169.254/", "public"),
            ("http://127.0.0.2/", "https"),
            ("https://example.com/" + "x" * 2048, "2048")]:
        if says:
            refused({**good, "endpoint": endpoint}, says)
    missing = str(uuid.uuid4())
    assert c.client.fails(404, "not_found", "webhooks.get", missing) == \
        "Webhook endpoint not found"
    c.client.fails(422, "validation_error", "webhooks.get", "nonsense")
    c.client.fails(404, "not_found", "webhooks.rotateSigningSecret", missing)
    c.client.fails(404, "not_found", "webhooks.events.list",
                   {"webhookId": missing})
    with c.webhook(c.sink.url("/ok/bad")) as webhook:
        c.client.fails(422, "validation_error", "webhooks.update",
                       webhook["id"], {"status": "paused"})
        c.client.fails(404, "not_found", "webhooks.events.get",
                       {"webhookId": webhook["id"], "eventId": "msg_0"})
        c.client.fails(422, "validation_error", "webhooks.events.list",
                       {"webhookId": webhook["id"], "after": "msg_0"})


def domain_events_arrive_signed(c):
    with c.webhook(c.sink.url("/ok/domain"), DOMAIN_EVENTS) as webhook:
        domain = c.client.call("domains.create",
                               {"name": "mail.born.example",
                                "trackingSubdomain": "links"})
        c.client.call("domains.update", {"id": domain["id"],
                                         "clickTracking": True})
        c.client.call("domains.update", {"id": domain["id"],
                                         "clickTracking": True})
        c.client.call("domains.remove", domain["id"])
        arrived = [c.arrives("/ok/domain", type)[0] for type in DOMAIN_EVENTS]
        for delivery, type in zip(arrived, DOMAIN_EVENTS):
            payload = c.client.verify(delivery, webhook["signing_secret"])
            assert payload, delivery
            assert payload == c.client.verify(
                delivery, webhook["signing_secret"], "resend")
            assert list(payload) == ["type", "created_at", "data"], payload
            assert payload["type"] == type
            assert ISO_TIME.match(payload["created_at"]), payload
            data = payload["data"]
            assert (data["id"], data["name"], data["region"], data["status"]) \
                == (domain["id"], "mail.born.example", "us-east-1",
                    "not_started"), data
            assert data["capabilities"] == {"sending": "enabled",
                                            "receiving": "disabled"}
            assert ISO_TIME.match(data["created_at"]), data
            shown = [{k: r.get(k) for k in ("record", "name", "type", "value",
                                            "ttl", "status", "priority")}
                     for r in domain["records"]]
            told = [{k: r.get(k) for k in shown[0]} for r in data["records"]]
            assert told == shown, (told, shown)
            assert delivery.headers["content-type"] == "application/json"
            assert re.match(r"^msg_[0-9a-f]{32}$", delivery.headers["svix-id"])
        assert arrived[1].body.count('"click_tracking":true') == 1
        broken = arrived[0]._replace(body=arrived[0].body + " ")
        assert not c.client.verify(broken, webhook["signing_secret"])
        assert len({d.headers["svix-id"] for d in arrived}) == 3
        c.event_is(webhook, "success")
        # the second update changed nothing
        listed = c.events(webhook)
        assert sorted(e["type"] for e in listed) == sorted(DOMAIN_EVENTS), listed
        one = c.client.call("webhooks.events.get",
                            {"webhookId": webhook["id"],
                             "eventId": arrived[0].headers["svix-id"]})
        assert one["payload"] == json.loads(arrived[0].body), one
        assert (one["object"], one["status"], one["next_attempt_at"]) == \
            ("webhook_event", "success", None), one
        page = c.events(webhook, limit=1, after=listed[0]["id"])
        assert page == listed[1:2], page
        attempt, = c.attempts(webhook, listed[0])
        assert (attempt["http_status_code"], attempt["response"]) == \
            (200, "thanks"), attempt
        assert attempt["id"].startswith("atmpt_")
        assert ISO_TIME.match(attempt["sent_at"]), attempt


def a_verified_domain_is_told(c):
    with c.webhook(c.sink.url("/ok/verified")) as webhook:
        c.nsd.start({"hooks.example": zone_records(c.domain),
                     "waxseal.example": "x A 127.0.0.1"})
        c.client.call("domains.verify", c.domain["id"])
        def told():
            return [p for p in (json.loads(d.body)["data"]
                                for d in c.sink.of("/ok/verified"))
                    if p["status"] == "verified"]
        data = wait_for("the verified domain to be told", told, 25)[0]
        assert data["state"] == "verified", data
        assert {r["status"] for r in data["records"]} == {"verified"}, data
        first = c.sink.of("/ok/verified")[0]
        assert json.loads(first.body)["data"]["status"] == "pending"
        assert c.client.verify(first, webhook["signing_secret"])


def failures_are_retried(c):
    with c.webhook(c.sink.url("/fail/2/retry")) as webhook:
        c.change()
        tries = c.arrives("/fail/2/retry", count=3)
        event = c.event_is(webhook, "success")
        assert len({(d.headers["svix-id"], d.body) for d in tries}) == 1
        assert all(c.client.verify(d, webhook["signing_secret"]) for d in tries)
        gaps = [b.at - a.at for a, b in zip(tries, tries[1:])]
        assert min(gaps) >= 0.3, gaps
        log = c.attempts(webhook, event)
        assert [a["http_status_code"] for a in log] == [200, 500, 500], log
        assert log[1]["response"] == "no \ufffd way", log
        page = c.client.call("webhooks.events.attempts.list",
                             {"webhookId": webhook["id"], "limit": 1,
                              "eventId": event["id"], "after": log[0]["id"]})
        assert page["data"] == log[1:2] and page["has_more"], page


def failed_events_are_replayed(c):
    path = f"/fail/{ATTEMPTS}/replay"
    with c.webhook(c.sink.url(path)) as webhook:
        c.change()
        event = c.event_is(webhook, "failed")
        one = {"webhookId": webhook["id"], "eventId": event["id"]}
        assert len(c.sink.of(path)) == ATTEMPTS
        assert c.client.call("webhooks.events.get",
                             one)["next_attempt_at"] is None
        for _ in range(2):  # a failed one, then a successful one
            before = len(c.sink.of(path))
            answer = c.client.call("webhooks.events.replay", one)
            assert answer == {"object": "webhook_event", "id": event["id"]}
            c.arrives(path, count=before + 1)
            c.event_is(webhook, "success")
        assert len({d.headers["svix-id"] for d in c.sink.of(path)}) == 1
        assert len(c.attempts(webhook, event)) == ATTEMPTS + 2
        c.client.call("webhooks.update", webhook["id"], {"status": "disabled"})
        c.client.fails(422, "validation_error", "webhooks.events.replay", one)


def a_slow_endpoint_delays_no_other(c):
    with c.webhook(c.sink.url("/hang/slow")), \
            c.webhook(c.sink.url("/ok/fast")) as fast:
        for _ in range(40):
            c.change()
        c.arrives("/ok/fast", count=40)
        c.arrives("/hang/slow", count=10)
        start = time.monotonic()
        while len(c.sink.of("/hang/slow")) < 30 and time.monotonic() < start + 4:
            before = len(c.sink.of("/ok/fast"))
            c.change()
            # within less than the time that the slow one is given
            c.arrives("/ok/fast", count=before + 1, seconds=1.5)
        assert c.event_is(fast, "success")


def a_slow_name_server_delays_no_other(c):
    with c.webhook("https://slow-dns.example/hook"), \
            c.webhook(c.sink.url("/ok/dns")):
        start = time.monotonic()
        count = 0
        while time.monotonic() < start + 5:  # twice what an attempt may take
            count += 1
            c.change()
            c.arrives("/ok/dns", count=count, seconds=1.5)


def redirects_are_not_followed(c):
    with c.webhook(c.sink.url("/redirect/x")) as webhook:
        c.change()
        event = c.event_is(webhook, "failed")
        codes = [a["http_status_code"] for a in c.attempts(webhook, event)]
        assert codes == [302] * ATTEMPTS, codes
        assert not c.sink.of("/ok/redirected")


def an_endless_answer_counts_by_its_status(c):
    with c.webhook(c.sink.url("/long/x")) as webhook:
        c.change()
        event = c.event_is(webhook, "success")
        attempt, = c.attempts(webhook, event)
        assert attempt["response"] == "x" * 1024, attempt


def certificates_are_checked(c):
    with c.webhook(c.tls.url("/ok/tls", "localhost")) as good, \
            c.webhook(c.stranger.url("/ok/tls", "localhost")) as bad:
        c.change()
        delivery = c.arrives("/ok/tls", sink=c.tls)[0]
        assert c.client.verify(delivery, good["signing_secret"])
        event = c.event_is(bad, "failed")
        attempt = c.attempts(bad, event)[0]
        assert attempt["http_status_code"] == 0, attempt
        assert "certificate" in attempt["response"], attempt
        assert not c.stranger.of("/ok/tls")


def both_secrets_sign_after_a_rotation(c):
    with c.webhook(c.sink.url("/ok/rotate")) as webhook:
        old = webhook["signing_secret"]
        answer = c.client.call("webhooks.rotateSigningSecret", webhook["id"])
        new = answer["signing_secret"]
        assert answer["id"] == webhook["id"] and new != old
        assert c.client.call("webhooks.get",
                             webhook["id"])["signing_secret"] == new
        c.change()
        delivery = c.arrives("/ok/rotate")[0]
        assert len(delivery.headers["svix-signature"].split()) == 2
        for secret in (old, new):
            assert c.client.verify(delivery, secret)
            assert c.client.verify(delivery, secret, "resend")
        # 24 hours later
        db = sqlite3.connect(c.stack.dir / "control.db")
        (expires,), = db.execute("SELECT expires_at FROM webhook_secrets "
                                 "WHERE expires_at IS NOT NULL")
        db.close()
        left = expires / 1e6 - time.time()
        assert 24 * 3600 - 60 < left <= 24 * 3600, left
        c.control("UPDATE webhook_secrets SET expires_at = ? "
                  "WHERE expires_at IS NOT NULL", int(time.time() * 1e6))
        c.change()
        later = c.arrives("/ok/rotate", count=2)[1]
        assert c.client.verify(later, new) and not c.client.verify(later, old)
        secrets = (c.stack.dir / "control.db").read_bytes()
        assert new[6:].encode() not in secrets


def opens_and_clicks_are_told(c):
    kinds = ["email.opened", "email.clicked"]
    # the tracking host has to be verified first
    c.client.call("domains.update", {"id": c.domain["id"],
                                     "trackingSubdomain": "links",
                                     "openTracking": True,
                                     "clickTracking": True})
    c.flag = True
    c.domain = c.stack.call("GET", f"/domains/{c.domain['id']}").json()
    c.nsd.start({"hooks.example": zone_records(c.domain),
                 "waxseal.example": "links.us-east-1 A 127.0.0.1"})
    wait_for("the tracking host to be verified", lambda: all(
        r["status"] == "verified" for r in c.stack.call(
            "GET", f"/domains/{c.domain['id']}").json()["records"]), 25)
    wait_for("nginx to know the tracking host", lambda: request(
        c.stack.edge, "GET", "/favicon.ico", None,
        {"Host": "links.hooks.example"}).status == 200)
    with c.webhook(c.sink.url("/ok/email"), kinds) as webhook:
        message = c.stack.call("POST", "/messages", {
            "domain": "hooks.example", "from": "Acme <news@hooks.example>",
            "to": ["a@b.example", "c@d.example"], "subject": "Grüße",
            "tags": {"campaign": "spring"},
            "html": '<p><a href="https://www.example.org/?a=1&amp;b=2">x</a>'}
            ).json()
        pixel = re.search(r'src="(http[^"]*/o/[^"]*)"', message["html"])[1]
        bare = c.stack.call("POST", "/messages", {
            "domain": "hooks.example",
            "html": '<a href="https://www.example.org/">x</a>'}).json()
        start = time.time()
        assert c.stack.click(message["links"][0]["href"], headers={
            "User-Agent": "Mozilla/5.0 (X11) Gecko/1 test"}).status == 302
        assert c.stack.click(pixel).status == 200
        assert c.stack.click(bare["links"][0]["href"]).status == 302
        clicked = c.arrives("/ok/email", "email.clicked", count=2)
        opened = c.arrives("/ok/email", "email.opened")[0]
        assert min(d.at for d in clicked) - start >= 0.9, "was not held"
        payloads = [c.client.verify(d, webhook["signing_secret"])
                    for d in clicked]
        assert all(payloads) and all(list(p) == ["type", "created_at", "data"]
                                     for p in payloads)
        data = {p["data"]["email_id"]: p["data"] for p in payloads}
        full, empty = data[message["id"]], data[bare["id"]]
        click = full.pop("click")
        assert full == {
            "created_at": full["created_at"], "email_id": message["id"],
            "message_id": f"<{message['id']}@hooks.example>",
            "from": "Acme <news@hooks.example>",
            "to": ["a@b.example", "c@d.example"], "subject": "Grüße",
            "tags": {"campaign": "spring"}}, full
        assert ISO_TIME.match(full["created_at"])
        assert click == {
            "ipAddress": "127.0.0.1", "link": "https://www.example.org/?a=1&b=2",
            "timestamp": click["timestamp"], "userAgent": "Mozilla/5.0 (X11) Gecko/1 test",
            "verdict": "human", "reason": "browser", "certainty": 75,
            "device": "desktop"}, click
        assert (empty["from"], empty["to"], empty["subject"]) == ("", [], "")
        assert "tags" not in empty
        payload = c.client.verify(opened, webhook["signing_secret"])
        assert payload["data"]["email_id"] == message["id"]
        assert payload["data"]["open"]["ipAddress"] == "127.0.0.1"
        assert "link" not in payload["data"]["open"]


def deliveries_survive_kill_9(c):
    """Events of both kinds, while the worker dies again and again."""
    kinds = ["email.clicked", "domain.updated"]
    href = c.stack.call("POST", "/messages", {
        "domain": "hooks.example",
        "html": '<a href="https://www.example.org/">x</a>'}
        ).json()["links"][0]["href"]
    steady_path, flaky_path = "/ok/kill", "/fail/1/kill"
    with c.webhook(c.sink.url(steady_path), kinds) as webhook, \
            c.webhook(c.sink.url(flaky_path), kinds) as flaky:
        rounds, each = 6, 25
        for _ in range(rounds):
            for _ in range(each):
                c.change()
                assert c.stack.click(href).status == 302
            time.sleep(0.2)
            pid = c.stack.child("waxseal-worker")
            if pid:
                os.kill(pid, signal.SIGKILL)
            wait_for("a new worker",
                     lambda: c.stack.child("waxseal-worker") not in (None, pid))
        total = 2 * rounds * each

        def listed(of):
            found, after = [], {}
            while True:
                page = c.events(of, limit=100, **after)
                found += page
                if len(page) < 100:
                    return found
                after = {"after": page[-1]["id"]}

        for of, path in ((webhook, steady_path), (flaky, flaky_path)):
            def all_delivered():
                events = listed(of)
                return len(events) >= total and \
                    {e["status"] for e in events} == {"success"} and events
            try:
                events = wait_for("all events to be delivered", all_delivered, 60)
            except AssertionError:
                counts = collections.Counter(
                    (e["type"], e["status"]) for e in listed(of))
                raise AssertionError(
                    f"{path}: {counts} of {total}; "
                    f"{c.client.call('webhooks.get', of['id'])}") from None
            assert len(events) == total, len(events)
            ids = {d.headers["svix-id"] for d in c.sink.of(path)}
            assert ids == {e["id"] for e in events}
            bodies = {(d.headers["svix-id"], d.body) for d in c.sink.of(path)}
            assert len(bodies) == total
            types = [e["type"] for e in events]
            assert types.count("email.clicked") == total // 2, types
        again = len(c.sink.of(steady_path)) - total
        print(f"     {total} events, {again} of them delivered once more")


def persistent_failure_disables(c):
    with c.webhook(c.sink.url("/fail/1000/off")) as webhook:
        get = lambda: c.client.call("webhooks.get", webhook["id"])
        end = time.monotonic() + 30
        while get()["status"] == "enabled" and time.monotonic() < end:
            c.change()
            time.sleep(0.4)
        assert get()["status"] == "disabled", get()
        assert "failed" in get()["disabled_reason"]
        assert get()["disabled_at"] is not None
        state = c.stack.admin("GET", "/status").json()["webhooks"]
        assert state["disabled"] == 1 and state["recent"]["failed"] > 0, state
        assert state["attempts"] >= state["recent"]["attempts"] > 0, state
        admin = (c.stack.dir / "admin.key").read_text().strip()
        metrics = c.stack.fetch("GET", "/status?format=prometheus", None,
                                {"Authorization": f"Bearer {admin}"})
        assert metrics.status == 200
        assert "\nwaxseal_webhook_disabled 1\n" in metrics.body.decode()
        wait_for("no event to be under way", lambda: not [
            e for e in c.events(webhook, limit=100)
            if e["status"] in ("pending", "attempting")])
        before = len(c.sink.of("/fail/1000/off"))
        c.change()
        time.sleep(0.7)
        assert len(c.sink.of("/fail/1000/off")) == before
        c.client.call("webhooks.update", webhook["id"],
                      {"status": "enabled", "endpoint": c.sink.url("/ok/on")})
        assert get()["disabled_reason"] is get()["disabled_at"] is None
        c.change()
        c.arrives("/ok/on")
        c.event_is(webhook, "success")
        assert get()["status"] == "enabled"


def a_deleted_webhook_gets_nothing_more(c):
    with c.webhook(c.sink.url("/fail/1000/gone")) as webhook:
        c.change()
        c.arrives("/fail/1000/gone")
        c.client.call("webhooks.remove", webhook["id"])
        time.sleep(0.3)
        before = len(c.sink.of("/fail/1000/gone"))
        time.sleep(1)
        assert len(c.sink.of("/fail/1000/gone")) == before
        c.client.fails(404, "not_found", "webhooks.events.list",
                       {"webhookId": webhook["id"]})


def addresses_are_judged_when_connected_to(c):
    """What was allowed when the webhook was made does not count."""
    made = [c.client.call("webhooks.create", {"endpoint": url,
                                              "events": ["domain.updated"]})
            for url in (c.sink.url("/ok/guard"),
                        c.tls.url("/ok/guard", "localhost"))]
    c.client.stop()
    assert c.stack.stop() == 0
    c.stack.settings["WAXSEAL_WEBHOOK_ALLOW_NETWORKS"] = ""
    c.stack.start()
    c.client = Client(c.stack)
    c.change()
    for webhook in made:
        event = c.event_is(webhook, "failed")
        for attempt in c.attempts(webhook, event):
            assert (attempt["http_status_code"], attempt["response"]) == \
                (0, "The endpoint's address is not public."), attempt
    assert not c.sink.of("/ok/guard") and not c.tls.of("/ok/guard")
    assert "https" in c.client.fails(
        422, "validation_error", "webhooks.create",
        {"endpoint": c.sink.url("/ok/x"), "events": ["domain.updated"]})


def no_secret_is_logged(c):
    log = (pathlib.Path(c.folder) / "log").read_text(errors="replace")
    assert "whsec_" not in log and "hooks.example/" not in log
    assert '"message":"webhook disabled"' in log


def main():
    c = Context()
    tests = [starts, the_sdk_manages_webhooks, bad_webhooks_are_refused,
             domain_events_arrive_signed, a_verified_domain_is_told,
             failures_are_retried, failed_events_are_replayed,
             a_slow_endpoint_delays_no_other,
             a_slow_name_server_delays_no_other, redirects_are_not_followed,
             an_endless_answer_counts_by_its_status, certificates_are_checked,
             both_secrets_sign_after_a_rotation, opens_and_clicks_are_told,
             deliveries_survive_kill_9, persistent_failure_disables,
             a_deleted_webhook_gets_nothing_more,
             addresses_are_judged_when_connected_to, no_secret_is_logged]
    passed = failed = 0
    try:
        passed, failed = run_tests(tests, c)
        if failed:
            print(c.stack.log())
    finally:
        if c.client:
            c.client.stop()
        c.stack.stop()
        c.nsd.stop()
        for sink in (c.sink, c.tls, c.stranger):
            sink.stop()
        shutil.rmtree(c.folder, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
