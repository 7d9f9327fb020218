"""Classification through the real stack: hits on nginx become events whose
verdict changes while it may, and webhooks hear of people only, after that."""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
from stack import (BROWSER, Nsd, Stack, name_of, request, run_tests,
                   temporary_folder, wait_for, zone_records)
from webhook_sink import Sink

HERE = pathlib.Path(__file__).resolve().parent
HOLD = 7  # seconds
PERSON, SCANNER, VENDOR = "203.0.113.5", "192.0.2.5", "198.51.100.5"
PHONE = ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) "
         "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.4 Mobile/15E148 "
         "Safari/604.1")
THUNDERBIRD = ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 "
               "Thunderbird/128.5.0")


class Context:
    def __init__(self):
        self.folder = temporary_folder()
        self.nsd = Nsd(self.folder + "/nsd")
        self.sink = Sink()
        tool = self.folder + "/tool_mmdb"
        subprocess.run(["gcc", "-D_GNU_SOURCE", "-o", tool,
                        str(HERE / "tool_mmdb.c")], check=True)
        subprocess.run([tool, self.folder + "/geo.mmdb", "203.0.113.0", "24",
                        "DE", "192.0.2.0", "24", "US"], check=True)
        (pathlib.Path(self.folder) / "networks.txt").write_text(
            "198.51.100.0/24 vendor machine machine 91\n")
        self.stack = Stack(self.folder, {
            **self.nsd.settings(),
            "WAXSEAL_VERIFY_MIN_INTERVAL": "300ms",
            "WAXSEAL_VERIFY_MAX_INTERVAL": "500ms",
            "WAXSEAL_EDGE_TRUSTED_PROXIES": "127.0.0.1",
            "WAXSEAL_EVENTS_HOLD": f"{HOLD}s",
            "WAXSEAL_EVENTS_NETWORKS": self.folder + "/networks.txt",
            "WAXSEAL_EVENTS_GEOIP": self.folder + "/geo.mmdb",
            "WAXSEAL_WEBHOOK_ALLOW_NETWORKS": "127.0.0.1/32",
        })

    def message(self, links=4, **more):
        html = "".join(f'<a href="https://www.example.org/{i}">x</a>'
                       for i in range(links))
        made = self.stack.call("POST", "/messages", {
            "domain": "class.example", "html": html, **more}).json()
        assert len(made["links"]) == links, made
        return made["id"], [link["href"] for link in made["links"]]

    def hit(self, href, address, agent=BROWSER, method="GET", **headers):
        headers = {name.replace("_", "-"): value
                   for name, value in headers.items()}
        status = self.stack.click(href, method, {
            "X-Forwarded-For": address, "User-Agent": agent, **headers}).status
        assert status in (200, 302), status

    def events(self, message):
        """Oldest first."""
        return self.stack.call("GET", f"/events?message_id={message}&limit=100"
                               ).json()["data"][::-1]

    def listed(self, message, count):
        return wait_for(f"{count} events of {message}", lambda: (
            lambda e: e if len(e) >= count else None)(self.events(message)))

    def verdicts(self, message):
        return [(e["verdict"], e["reason"], e["final"])
                for e in self.events(message)]

    def are(self, message, expected):
        """Waits until the events of the message are [(verdict, reason, final)];
        reasons separated by | are alternatives."""
        def fit():
            found = self.verdicts(message)
            return len(found) == len(expected) and all(
                f[0] == e[0] and f[1] in e[1].split("|") and f[2] == e[2]
                for f, e in zip(found, expected))
        try:
            wait_for("verdicts", fit, 15)
        except AssertionError:
            raise AssertionError((expected, self.verdicts(message))) from None

    def told(self, message):
        """[(agent, time of arrival, click)] of the webhooks about a message."""
        found = []
        for delivery in self.sink.of("/ok/told"):
            data = json.loads(delivery.body)["data"]
            if data["email_id"] == message:
                found.append((delivery.at, data.get("click") or data["open"]))
        return found


def starts(c):
    c.nsd.start({"class.example": "", "waxseal.example": "x A 127.0.0.1"})
    c.stack.start()
    domain = c.stack.call("POST", "/domains", {
        "name": "class.example", "tracking_subdomain": "links",
        "open_tracking": True, "click_tracking": True}).json()
    c.nsd.start({"class.example": zone_records(domain),
                 "waxseal.example": "links.us-east-1 A 127.0.0.1"})
    c.stack.call("POST", f"/domains/{domain['id']}/verify")
    wait_for("the tracking host to be verified", lambda: all(
        r["status"] == "verified" for r in c.stack.call(
            "GET", f"/domains/{domain['id']}").json()["records"]), 25)
    wait_for("nginx to know the tracking host", lambda: request(
        c.stack.edge, "GET", "/favicon.ico", None,
        {"Host": "links.class.example"}).status == 200)
    c.stack.call("POST", "/webhooks", {"endpoint": c.sink.url("/ok/told"),
                                       "events": ["email.clicked", "email.opened"]})


def a_scan_is_seen_through(c):
    """The first click is anybody's; with the others it is a scanner's. The
    person who follows stays one."""
    c.scanned, links = c.message()
    c.hit(links[0], SCANNER)
    first = c.listed(c.scanned, 1)[0]
    assert (first["verdict"], first["reason"], first["final"]) == \
        ("human", "browser", False), first
    for link in links[1:]:
        c.hit(link, SCANNER)
    scan = ("machine", "link_burst|link_sweep", False)
    c.are(c.scanned, [scan] * 4)
    time.sleep(1.2)  # what happens within a second of a scan is part of it
    c.clicked_at = time.time()
    c.hit(links[2], PERSON, PHONE)
    c.are(c.scanned, [scan] * 4 + [("human", "browser", False)])


def what_a_request_says_of_itself(c):
    """A message for each, so that none has neighbours."""
    c.alone = []
    for address, agent, method, expected, kept in (
            (PERSON, BROWSER, "HEAD", ("machine", "head_request"),
             ("desktop", None, "DE", 99)),
            (PERSON, PHONE, "GET", ("human", "browser"),
             ("mobile", None, "DE", 75)),
            (VENDOR, BROWSER, "GET", ("machine", "scanner_network"),
             ("desktop", None, None, 91)),
            (PERSON, "python-requests/2.31.0", "GET", ("machine", "http_library"),
             ("other", None, "DE", 97)),
            (PERSON, "", "GET", ("machine", "no_agent"), (None, None, "DE", 85)),
            (PERSON, THUNDERBIRD, "GET", ("human", "browser"),
             ("desktop", "thunderbird", "DE", 75))):
        message, links = c.message(1)
        c.hit(links[0], address, agent, method)
        c.alone.append((message, expected, kept))
    for message, expected, _ in c.alone:
        c.are(message, [(*expected, False)])


def what_is_fetched_ahead_is_no_click(c):
    c.ahead, links = c.message(1)
    c.hit(links[0], PERSON, PHONE, Sec_Purpose="prefetch;prerender")
    c.are(c.ahead, [("machine", "prefetch_header", False)])
    c.hit(links[0], PERSON, PHONE)
    c.are(c.ahead, [("machine", "prefetch_header", False),
                    ("human", "browser", False)])


def a_killed_worker_remembers(c):
    c.killed, links = c.message()
    for link in links[:2]:
        c.hit(link, SCANNER)
        time.sleep(0.4)  # two at once would tell already
    c.are(c.killed, [("human", "browser", False)] * 2)
    worker = c.stack.child("waxseal-worker")
    os.kill(worker, signal.SIGKILL)
    wait_for("the worker to be started again", lambda: c.stack.child(
        "waxseal-worker") not in (None, worker))
    for link in links[2:]:
        c.hit(link, SCANNER)
    c.are(c.killed, [("machine", "link_burst|link_sweep|same_source", False)] * 4)


def nobody_is_judged_who_is_not_to_be_known(c):
    _, links = c.message(1, tracking={"mode": "anonymous"})
    c.hit(links[0], PERSON, PHONE)
    wait_for("the event", lambda: rows(
        c, "SELECT count(*) FROM event_rows WHERE reason = 'anonymous' AND "
        "verdict = 'unknown' AND message IS NULL AND device IS NULL AND "
        "country IS NULL")[0][0] == 1)


def rows(c, sql):
    """Of all partitions."""
    found = []
    for path in (c.stack.dir / "events").glob("*.db"):
        db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
        with contextlib.closing(db):
            found += db.execute(sql).fetchall()
    return found


def devices_and_countries_are_kept(c):
    for message, _, kept in c.alone:
        found = rows(c, "SELECT device, client, country, certainty FROM event_rows "
                     f"WHERE hex(message) = '{message.replace('-', '').upper()}'")
        assert found == [kept], (found, kept)


def verdicts_become_final(c):
    scan = ("machine", "link_burst|link_sweep", True)
    c.are(c.scanned, [scan] * 4 + [("human", "browser", True)])
    c.are(c.killed, [("machine", "link_burst|link_sweep|same_source", True)] * 4)


def webhooks_hear_of_people_after_the_hold(c):
    wait_for("webhooks", lambda: c.told(c.scanned) and c.told(c.ahead))
    told = c.told(c.scanned)
    assert len(told) == 1, told
    arrived, click = told[0]
    assert arrived - c.clicked_at >= HOLD - 0.1, arrived - c.clicked_at
    assert click == {
        "ipAddress": PERSON, "link": "https://www.example.org/2",
        "timestamp": click["timestamp"], "userAgent": PHONE,
        "verdict": "human", "reason": "browser", "certainty": 75,
        "device": "mobile", "country": "DE"}, click
    assert len(c.told(c.ahead)) == 1 and not c.told(c.killed)
    for message, (verdict, _), _ in c.alone:
        assert len(c.told(message)) == (verdict == "human"), message


def nothing_is_complained_about(c):
    log = (pathlib.Path(c.folder) / "log").read_text(errors="replace")
    assert "events.networks" not in log and "no country" not in log, log
    assert name_of(c.stack.child("waxseal-worker")) == "waxseal-worker"


def main():
    c = Context()
    tests = [starts, a_scan_is_seen_through, what_a_request_says_of_itself,
             what_is_fetched_ahead_is_no_click, a_killed_worker_remembers, nobody_is_judged_who_is_not_to_be_known,
             devices_and_countries_are_kept, verdicts_become_final,
             webhooks_hear_of_people_after_the_hold,
             nothing_is_complained_about]
    passed = failed = 0
    try:
        passed, failed = run_tests(tests, c)
        if failed:
            print(c.stack.log())
    finally:
        c.stack.stop()
        c.nsd.stop()
        c.sink.stop()
        shutil.rmtree(c.folder, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
