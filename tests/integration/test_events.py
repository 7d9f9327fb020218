"""Events as their users see them: listed with filters, followed, exported,
counted, erased; by the API, the official SDK and the command line, over real
clicks through nginx."""
import csv
import io
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time
import uuid

sys.path.insert(0, os.path.dirname(__file__))
from stack import (Nsd, Stack, run_tests, temporary_folder, wait_for,
                   zone_records)

HERE = pathlib.Path(__file__).resolve().parent
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
HTML = """<html><body>
<a href="https://www.example.org/sale?a=1&amp;b=2" data-waxseal-name="=top"
   data-waxseal-tags="place:top">Sale</a>
<a href="https://www.example.org/other">Other</a></body></html>"""
SALE = "https://www.example.org/sale?a=1&b=2"
OTHER = "https://www.example.org/other"
NOBODY = "00000000-0000-4000-8000-000000000000"


class World:
    """A stack with one domain that tracks, and what happened to its mail."""

    def __init__(self):
        self.folder = temporary_folder()
        self.nsd = Nsd(self.folder + "/nsd")
        self.stack = Stack(self.folder, {
            **self.nsd.settings(),
            "WAXSEAL_VERIFY_MIN_INTERVAL": "300ms",
            "WAXSEAL_VERIFY_MAX_INTERVAL": "500ms",
            "WAXSEAL_EVENTS_HOLD": "1s",
        })
        self.tool = str(self.stack.programs / "bin/waxseal")
        self.messages = {}

    def get(self, path, status=200, key=None):
        answer = self.stack.call("GET", path, key=key)
        assert answer.status == status, (path, answer.status, answer.body)
        return answer.json()

    def events(self, query=""):
        return self.get(f"/events?limit=100{query}")["data"]

    def publish(self, text=""):
        self.nsd.start({
            "acme.example": text,
            "waxseal.example": "links.us-east-1 A 127.0.0.1\n"
                               "bounce.us-east-1 A 127.0.0.1\n"
                               '_spf.us-east-1 TXT "v=spf1 ip4:192.0.2.1 -all"'})

    def send(self, name, to, **more):
        answer = self.stack.call("POST", "/messages", dict({
            "domain": "acme.example", "from": "Acme <news@acme.example>",
            "to": [to], "subject": name, "html": HTML,
            "tags": {"campaign": name}}, **more))
        assert answer.status == 201 and not answer.json()["warnings"], answer.body
        self.messages[name] = answer.json()

    def click(self, name, index=0, method="GET", agent=BROWSER, **headers):
        href = self.messages[name]["links"][index]["href"]
        answer = self.stack.click(href, method, dict(
            {"User-Agent": agent}, **{k.replace("_", "-"): v
                                      for k, v in headers.items()}))
        assert answer.status == 302, answer.status

    def open(self, name):
        pixel = self.messages[name]["html"].split('<img src="')[1].split('"')[0]
        assert self.stack.click(pixel, headers={"User-Agent": BROWSER}).status == 200

    def settle(self, count):
        """Waits until so many events are there, and counted."""
        return wait_for(f"{count} final events", lambda: (
            lambda e: e if len(e) == count else None)(
                self.events("&final=true")), 10)

    def run(self, *words, code=0, given=None):
        done = subprocess.run([self.tool, *words, "--dir", str(self.stack.dir)],
                              capture_output=True, text=True, input=given,
                              timeout=60, env=self.stack.environment())
        assert done.returncode == code, (words, done.stdout, done.stderr)
        return done.stdout if code == 0 else done.stderr


def starts(w):
    w.publish()
    w.stack.start()
    domain = w.stack.call("POST", "/domains", {
        "name": "acme.example", "tracking_subdomain": "links",
        "open_tracking": True, "click_tracking": True}).json()
    w.domain = domain["id"]
    w.publish(zone_records(domain))
    w.stack.call("POST", f"/domains/{w.domain}/verify")
    wait_for("the domain to be verified", lambda: all(
        r["status"] == "verified"
        for r in w.get(f"/domains/{w.domain}")["records"]))
    account = w.stack.admin("POST", "/accounts", {"name": "other"}).json()["id"]
    w.foreign = w.stack.admin("POST", "/api-keys", {"name": "k"},
                              Waxseal_Account=account).json()["token"]
    w.limited = w.stack.call("POST", "/api-keys", {
        "name": "s", "permission": "sending_access"}).json()["token"]


def clicks_are_listed(w):
    assert w.events() == []
    w.send("spring", "Ann <Ann@customer.example>")
    w.send("summer", "bob@customer.example")
    w.send("quiet", "ann@customer.example", tracking={"mode": "anonymous"})
    w.click("spring")
    w.open("spring")
    time.sleep(0.5)  # two links at once would be a scanner's
    w.click("spring", 1, "HEAD", agent="Checker/1.0")
    w.click("summer", 1)
    w.click("quiet")
    events = wait_for("the events", lambda: (
        lambda e: e if len(e) == 5 else None)(w.events()))
    assert [e["id"] for e in events] == sorted((e["id"] for e in events),
                                               reverse=True)
    first = next(e for e in events if e["link"] == SALE and e["message_id"])
    assert first == dict(
        first, type="click", domain_id=w.domain, link=SALE, link_index=0,
        link_name="=top", link_tags={"place": "top"}, ip="127.0.0.1",
        tags={"campaign": "spring"}, user_agent=BROWSER,
        message_id=w.messages["spring"]["id"])
    quiet = next(e for e in events if not e["message_id"])
    assert quiet == dict(quiet, message_id=None, tags=None, ip=None,
                         user_agent=None, link_name=None, link=SALE)
    head = next(e for e in events if e["verdict"] == "machine")
    assert head["link"] == OTHER and head["reason"] == "head_request"
    w.settle(5)
    assert all(e["final"] for e in w.events())
    w.all = w.events()


def filters_hold(w):
    def ids(query):
        return {e["id"] for e in w.events(query)}

    def having(**wanted):
        return {e["id"] for e in w.all
                if all(e[k] == v for k, v in wanted.items())}
    spring = w.messages["spring"]["id"]
    for query, wanted in (
            (f"&domain_id={w.domain}", having()),
            (f"&message_id={spring}", having(message_id=spring)),
            (f"&message_id={NOBODY}", set()),
            ("&type=click", having(type="click")),
            ("&type=open", having(type="open")),
            ("&type=unsubscribe", set()),
            ("&verdict=machine", having(verdict="machine")),
            ("&verdict=proxy", having(verdict="proxy")),
            ("&link=https%3A%2F%2Fwww.example.org%2Fother", having(link=OTHER)),
            ("&link=https%3A%2F%2Fwww.example.org", set()),
            ("&type=open&link=https%3A%2F%2Fwww.example.org%2Fother", set()),
            ("&tag=campaign", having(tags={"campaign": "spring"}) |
             having(tags={"campaign": "summer"})),
            ("&tag=campaign:summer", having(tags={"campaign": "summer"})),
            ("&tag=place:top", having(link_name="=top")),
            ("&tag=place:bottom", set()),
            ("&from=2000-01-01&to=2100-01-01", having()),
            ("&from=2100-01-01", set()), ("&to=2000-01-01T00:00:00Z", set()),
            (f"&from={w.all[2]['created_at']}&to={w.all[2]['created_at']}", set()),
            ("&final=true", having()), ("&final=false", set()),
            ("&final=false&order=asc", set())):
        assert ids(query) == wanted, query
    for query in ("type=x", "verdict=robot", "final=1", "from=yesterday",
                  "to=2026-02-30", "tag=", "tag=:x", "link=", "limit=101",
                  "order=up", "after=1", "message_id=1", "domain_id=1"):
        assert w.get(f"/events?{query}", 422)["name"] == "validation_error", query


def pages_join(w):
    for order in ("desc", "asc"):
        seen, after = [], ""
        while True:
            page = w.get(f"/events?limit=2&order={order}{after}")
            seen += page["data"]
            if not page["has_more"]:
                assert page["next"] is None
                break
            assert page["next"] == page["data"][-1]["id"]
            after = f"&after={page['next']}"
        assert seen == (w.all if order == "desc" else w.all[::-1])


def accounts_are_apart(w):
    spring = w.messages["spring"]["id"]
    for path in (f"/events?domain_id={w.domain}",
                 f"/events/export?domain_id={w.domain}",
                 f"/events/links?domain_id={w.domain}",
                 f"/events/tags?domain_id={w.domain}",
                 f"/emails/metrics?domain_id={w.domain}",
                 f"/messages/{spring}"):
        assert w.get(path, 404, w.foreign)["name"] == "not_found", path
        assert w.get(path, 401, w.limited)["name"] == "restricted_api_key", path
    assert w.get(f"/events?message_id={spring}", key=w.foreign)["data"] == []
    metrics = w.get(f"/emails/metrics?email_id={spring}&dimensions=email",
                    key=w.foreign)
    assert metrics["data"] == [] and metrics["totals"]["clicked"] == 0
    assert w.events() == w.all


def exports_are_whole(w):
    def export(query):
        answer = w.stack.fetch("GET", f"/events/export?{query}", None, {
            "Authorization": f"Bearer {w.stack.key}"})
        assert answer.status == 200, answer.body
        return answer.body.decode()
    lines = export("format=ndjson").splitlines()
    assert [json.loads(line) for line in lines] == w.all[::-1]
    text = export("format=csv")
    assert text.endswith("\r\n")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [r["id"] for r in rows] == [e["id"] for e in w.all[::-1]]
    for row, event in zip(rows, w.all[::-1]):
        assert row["final"] == "true" and row["verdict"] == event["verdict"]
        assert row["link_name"] == ("'=top" if event["link_name"] else "")
        assert json.loads(row["tags"] or "null") == event["tags"]
        assert all(row[name] == "" for name in row if event[name] is None)
    assert len(export(f"type=open&domain_id={w.domain}").splitlines()) == 2
    assert export(f"format=ndjson&after={w.all[1]['id']}").count("\n") == 1
    assert w.run("events", "export") == text.replace("\r\n", "\n") or \
        w.run("events", "export").splitlines() == text.splitlines()
    assert len(w.run("events", "export", "--format", "ndjson", "--type",
                     "open").splitlines()) == 1
    assert "no domain" in w.run("events", "export", "--domain", "?",
                                        code=1)


def metrics_count(w):
    plain = w.get("/emails/metrics")
    assert "data" not in plain and len(plain["metrics"]) == 22
    totals = plain["totals"]
    assert totals == dict(totals, sent=3, clicked=4, opened=1, unique_opened=1,
                          unique_clicked=2, open_rate=33.3, click_rate=66.7,
                          delivered=0, bounced=0), totals
    series = w.get("/emails/metrics?dimensions=period,domain&granularity=hourly"
                   "&timezone=Asia%2FKolkata&metrics=clicked,machine_clicked"
                   f"&metrics=sent&domain_id={w.domain}")
    assert sum(r["clicked"] for r in series["data"]) == 4
    assert sum(r["machine_clicked"] for r in series["data"]) == 1
    assert {r["domain_name"] for r in series["data"]} == {"acme.example"}
    assert all(r["period"].endswith("+05:30") for r in series["data"])
    days = w.get("/emails/metrics?dimensions=period&start_date=2026-03-01"
                 "&end_date=2026-03-31&timezone=Europe/Berlin&metrics=opened")
    assert [r["period"] for r in days["data"]] == [
        f"2026-03-{day:02}" for day in range(1, 32)]
    assert all(r["opened"] == 0 for r in days["data"])
    assert days["start_date"] == "2026-02-28T23:00:00.000Z"
    weeks = w.get("/emails/metrics?dimensions=period&granularity=weekly"
                  "&start_date=2026-01-01&end_date=2026-01-31&metrics=opened")
    assert [r["period"] for r in weeks["data"]][:2] == ["2025-12-29",
                                                        "2026-01-05"]
    spring, summer = (w.messages[n]["id"] for n in ("spring", "summer"))
    mails = w.get(f"/emails/metrics?dimensions=email&email_id={spring},{summer}"
                  "&metrics=clicked,unique_clicked,opened,sent")["data"]
    assert mails == [
        {"email_id": spring, "opened": 1, "clicked": 2, "sent": 1,
         "unique_clicked": 1},
        {"email_id": summer, "opened": 0, "clicked": 1, "sent": 1,
         "unique_clicked": 1}], mails
    for query in ("metrics=x", "dimensions=broadcast", "dimensions=email",
                  "timezone=Mars", "timezone=..%2F..%2Fetc%2Fpasswd",
                  "granularity=yearly", "start_date=2030-01-01",
                  "start_date=x", "email_id=x", "broadcast_id=x",
                  "dimensions=period&granularity=hourly&start_date=2020-01-01"):
        assert w.get(f"/emails/metrics?{query}", 422), query


def the_sdk_reads_metrics(w):
    command = {"call": "emails.metrics", "args": [{
        "dimensions": ["period", "domain"], "domainId": [w.domain],
        "metrics": ["opened", "clicked", "open_rate"], "granularity": "daily",
        "startDate": time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86400)),
        "timezone": "UTC"}]}
    done = subprocess.run(
        ["node", str(HERE / "webhook_client.mjs")], text=True, timeout=30,
        input=json.dumps(command) + "\n", stdout=subprocess.PIPE, check=True,
        env=dict(os.environ, RESEND_API_KEY=w.stack.key,
                 RESEND_BASE_URL=f"http://127.0.0.1:{w.stack.api}"))
    answer = json.loads(done.stdout)
    assert answer["error"] is None, answer
    assert answer["data"]["totals"]["clicked"] == 4, answer
    assert sum(r["clicked"] for r in answer["data"]["data"]) == 4


def links_and_tags_are_summed(w):
    links = w.get(f"/events/links?domain_id={w.domain}")
    sums = {r["link"]: r for r in links["data"]}
    assert set(sums) == {SALE, OTHER} and not links["has_more"]
    assert sums[OTHER] == dict(sums[OTHER], clicked=2, machine_clicked=1,
                               unique_clicked=2)
    assert sums[SALE] == dict(sums[SALE], clicked=2, unique_clicked=1)
    day = w.get(f"/events/links?domain_id={w.domain}&by=day&limit=1"
                "&link=https%3A%2F%2Fwww.example.org%2Fother")["data"]
    assert len(day) == 1 and day[0]["clicked"] == 2 and len(day[0]["day"]) == 10
    assert w.get(f"/events/links?domain_id={w.domain}&to=2020-01-01")["data"] == []
    tags = {r["value"]: r for r in
            w.get(f"/events/tags?domain_id={w.domain}&name=campaign")["data"]}
    assert tags["spring"] == dict(tags["spring"], name="campaign", opened=1,
                                  clicked=2, unique_clicked=1, unique_opened=1)
    assert tags["summer"]["clicked"] == 1
    assert w.get("/events/tags", 422)["name"] == "missing_required_field"


def a_message_tells_its_counts(w):
    spring = w.messages["spring"]["id"]
    message = w.get(f"/messages/{spring}")
    assert message == dict(message, domain_id=w.domain, subject="spring",
                           to=["Ann <Ann@customer.example>"], mode="full")
    assert message["counts"]["clicked"] == 2 and message["counts"]["opened"] == 1
    assert {link["link"] for link in message["links"]} == {SALE, OTHER}
    assert w.get(f"/messages/{NOBODY}", 404)["name"] == "not_found"
    assert w.get("/messages/x", 422)


def events_are_followed(w):
    """Through a restart of the program, until it is interrupted."""
    process = subprocess.Popen(
        [w.tool, "events", "--follow", "--json", "--limit", "1", "--type",
         "click", "--dir", str(w.stack.dir)], stdout=subprocess.PIPE, text=True,
        stderr=subprocess.DEVNULL, env=w.stack.environment())
    lines = []
    reader = threading.Thread(target=lambda: lines.extend(process.stdout),
                              daemon=True)
    try:
        reader.start()
        wait_for("the newest event", lambda: len(lines) == 1)
        assert json.loads(lines[0]) == next(e for e in w.all
                                            if e["type"] == "click")
        w.click("summer")
        w.open("summer")
        wait_for("the click", lambda: len(lines) == 2)
        os.kill(w.stack.child("waxseal-events"), signal.SIGKILL)
        w.click("summer", 1)
        wait_for("the click after the restart", lambda: len(lines) == 3, 20)
        ids = [json.loads(line)["id"] for line in lines]
        assert ids == sorted(set(ids))
        process.send_signal(signal.SIGINT)
        assert process.wait(5) == 0
    finally:
        process.kill()
        process.wait()
    table = w.run("events", "--limit", "2", "--domain", "acme.example")
    assert table.splitlines()[0].split() == [
        "TIME", "TYPE", "VERDICT", "REASON", "DEVICE", "COUNTRY", "MESSAGE",
        "LINK"]
    assert "There are more: --after evt_" in table
    assert "must be" in w.run("events", "--type", "x", code=1)


def messages_are_erased(w):
    spring = w.messages["spring"]["id"]
    w.settle(8)
    erasure = w.stack.call("POST", "/erasures", {"message_id": spring},
                           w.foreign)
    assert erasure.status == 201
    path = f"/erasures/{erasure.json()['id']}"
    assert w.get(path, 404)["name"] == "not_found"
    wait_for("the erasure of nothing", lambda: w.get(
        path, key=w.foreign)["status"] == "done")
    assert w.get(path, key=w.foreign)["events"] == 0
    assert len(w.events()) == 8
    before = w.get("/emails/metrics?metrics=clicked,opened")["totals"]
    assert "give --yes" in w.run("erase", "message", spring, code=2)
    assert "1 messages, 3 events" in w.run("erase", "message", spring, "--yes")
    assert w.events(f"&message_id={spring}") == []
    assert w.get(f"/messages/{spring}", 404)
    stored = b"".join(path.read_bytes() for path in
                      [*w.stack.dir.glob("events*"), *w.stack.dir.glob("counts*"),
                       *w.stack.dir.glob("events/*"), *w.stack.dir.glob("webhooks*")]
                      if path.is_file())
    assert uuid.UUID(spring).bytes not in stored
    # the link goes on redirecting; what is erased does not come back by it
    w.click("spring")
    late = wait_for("the click", lambda: w.events(f"&message_id={spring}"))
    assert len(late) == 1 and late[0]["tags"] is None
    assert late[0]["link_name"] is None
    # sums stay
    assert w.get("/emails/metrics?metrics=clicked,opened")["totals"][
        "opened"] == before["opened"]


def recipients_are_erased(w):
    out = json.loads(w.run("erase", "recipient", "BOB@customer.example",
                           "--yes", "--json"))
    assert out == dict(out, status="done", messages=1, events=4), out
    assert w.get(f"/messages/{w.messages['summer']['id']}", 404)
    for body in ({}, {"message_id": "x"}, {"recipient": "x"},
                 {"message_id": NOBODY, "recipient": "a@b.example"},
                 {"recipient": 5}):
        assert w.stack.call("POST", "/erasures", body).status == 422, body


def webhooks_are_managed(w):
    secret = w.run("webhook", "add", "https://hooks.example.com/x", "--events",
                   "domain.created,email.clicked").strip()
    assert secret.startswith("whsec_")
    assert "https://hooks.example.com/x" in w.run("webhook", "list")
    hook = json.loads(w.run("webhook", "list", "--json"))["data"][0]["id"]
    shown = w.run("webhook", "show", hook)
    assert secret in shown and "\nemail.clicked" in shown
    w.run("webhook", "set", hook, "--events", "domain.created")
    assert json.loads(w.run("webhook", "show", hook, "--json"))["events"] == [
        "domain.created"]
    w.stack.call("POST", "/domains", {"name": "hooked.example"})
    event = wait_for("the event", lambda: json.loads(
        w.run("webhook", "events", hook, "--json"))["data"])[0]["id"]
    assert event in w.run("webhook", "events", hook, "--limit", "1")
    wait_for("an attempt", lambda: json.loads(
        w.run("webhook", "attempts", hook, event, "--json"))["data"])
    assert "SENT" in w.run("webhook", "attempts", hook, event)
    assert "delivered again" in w.run("webhook", "replay", hook, event)
    w.run("webhook", "set", hook, "--disable")
    assert "disabled" in w.run("webhook", "list")
    assert w.run("webhook", "rotate-secret", hook).strip() not in (secret, "")
    assert "deleted" in w.run("webhook", "delete", hook)
    assert "not found" in w.run("webhook", "show", hook, code=1)
    assert "--events is missing" in w.run("webhook", "add", "https://x.example",
                                          code=2)


def stops(w):
    assert w.stack.stop() == 0


TESTS = [starts, clicks_are_listed, filters_hold, pages_join,
         accounts_are_apart, exports_are_whole, metrics_count,
         the_sdk_reads_metrics, links_and_tags_are_summed,
         a_message_tells_its_counts, events_are_followed, messages_are_erased,
         recipients_are_erased, webhooks_are_managed, stops]

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
