"""The whole path on real parts: a domain is added, its records are published
in a real NSD and verified, a message is rewritten, its links are followed
through nginx, and the events come back, while processes are killed."""
import hashlib
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(__file__))
from stack import (Nsd, Stack, alive, request, run_tests, temporary_folder,
                   wait_for, zone_records)

HTML = """<!doctype html><html><body class='x'>
<p>Hello &amp; welcome, <a href="https://www.example.org/a?b=1&amp;c=2#frag">one</a>
<A HREF='http://shop.example.org/%2Fpath/?q=a%20b'>two</A> <a href=https://example.org/plain>three</a>
<a href="mailto:x@example.org">mail</a> <a href="https://example.org/secret" data-waxseal="off">no</a>
<!--[if mso]><v:roundrect href="https://example.org/button?x=1" arcsize="8%"></v:roundrect><![endif]-->
<script>var x = '<a href="https://example.org/script">';</script></p>
</BODY></html>
"""
DESTINATIONS = [
    "https://www.example.org/a?b=1&c=2#frag",
    "http://shop.example.org/%2Fpath/?q=a%20b",
    "https://example.org/plain",
    "https://example.org/button?x=1",
]


class Story:
    """What the steps hand on to each other."""

    def __init__(self):
        self.folder = temporary_folder()
        self.nsd = Nsd(self.folder + "/nsd")
        self.stack = Stack(self.folder, {
            **self.nsd.settings(),
            "WAXSEAL_VERIFY_MIN_INTERVAL": "500ms",
            "WAXSEAL_VERIFY_MAX_INTERVAL": "1s",
            "WAXSEAL_VERIFY_WATCH_INTERVAL": "1s",
            "WAXSEAL_VERIFY_WINDOW": "12s",
        })
        self.domain = None
        self.message = None
        self.events_seen = 0

    def get(self):
        return self.stack.call("GET", f"/domains/{self.domain['id']}").json()

    def publish(self, records):
        """NSD serves the customer's zone and the operator's own."""
        self.nsd.start({
            "acme.example": records,
            "waxseal.example": "links.us-east-1 A 127.0.0.1\n"
                               "bounce.us-east-1 A 127.0.0.1\n"
                               '_spf.us-east-1 TXT "v=spf1 ip4:192.0.2.1 -all"',
        })

    def state_becomes(self, state, seconds=25):
        return wait_for(f"the domain to be {state}",
                        lambda: (lambda d: d if d["state"] == state else None)(
                            self.get()), seconds)


def starts_from_nothing(s):
    s.publish("")
    s.stack.start()
    assert oct((s.stack.dir / "api.key").stat().st_mode & 0o777) == "0o600"
    assert s.stack.key.startswith("re_")


def runs_as_an_ordinary_user(s):
    for pid in s.stack.family(s.stack.supervisor()):
        assert pathlib.Path(f"/proc/{pid}").stat().st_uid != 0, pid


def adds_a_domain(s):
    answer = s.stack.call("POST", "/domains", {
        "name": "acme.example", "tracking_subdomain": "links",
        "open_tracking": True, "click_tracking": True})
    assert answer.status == 201, answer.body
    s.domain = answer.json()
    assert s.domain["status"] == "not_started"
    kinds = [(r["record"], r["type"], r["name"]) for r in s.domain["records"]]
    selector = s.domain["records"][0]["name"].split(".")[0]
    assert kinds == [("DKIM", "TXT", f"{selector}._domainkey"),
                     ("SPF", "MX", "send"), ("SPF", "TXT", "send"),
                     ("Tracking", "CNAME", "links")], kinds
    dkim, mx, spf, tracking = s.domain["records"]
    assert dkim["value"].startswith("p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A")
    assert len(dkim["value"]) == 394
    assert mx["value"] == "bounce.us-east-1.waxseal.example"
    assert mx["priority"] == 10
    assert spf["value"] == \
        "v=spf1 include:_spf.us-east-1.waxseal.example ~all"
    assert tracking["value"] == "links.us-east-1.waxseal.example"


def refuses_bad_input(s):
    cases = [
        ("POST", "/domains", {}, 422, "name"),
        ("POST", "/domains", {"name": 5}, 422, "name"),
        ("POST", "/domains", {"name": "https://acme.example/"}, 422, "acme.example"),
        ("POST", "/domains", {"name": "co.uk"}, 422, "co.uk"),
        ("POST", "/domains", {"name": "gmail.com"}, 422, "gmail.com"),
        ("POST", "/domains", {"name": "b.example", "region": "mars"}, 422, "egion"),
        ("POST", "/domains", {"name": "b.example", "custom_return_path": "-x"},
         422, "custom_return_path"),
        ("POST", "/domains", {"name": "b.example", "tls": "never"}, 422, "tls"),
        ("POST", "/domains", {"name": "b.example", "open_tracking": "yes"}, 422,
         "open_tracking"),
        ("POST", "/domains", "{", 400, ""),
        ("POST", "/domains", '{"name":"a\\u0000b"}', 422, ""),
        ("POST", "/domains", b'{"name":"\xff"}', 422, ""),
        ("POST", "/domains", {"name": "acme.example"}, 403, "acme.example"),
        ("GET", "/domains/nonsense", None, 422, "id"),
        ("GET", "/domains/" + "0" * 8 + "-0000-4000-8000-" + "0" * 12, None, 404, ""),
        ("GET", f"/domains/{s.domain['id']}/records?format=xml", None, 422,
         "format"),
        ("GET", "/nothing", None, 404, ""),
        ("GET", "/nothing", None, 404, ""),
        ("PUT", "/domains", None, 405, ""),
        ("POST", "/messages", {}, 422, "domain"),
        ("POST", "/messages", {"domain": "acme.example"}, 422, "html"),
        ("POST", "/messages", {"domain": "nobody.example", "html": "x"}, 404, ""),
        ("POST", "/messages", {"domain": "acme.example", "html": "x",
                               "tracking": {"mode": "some"}}, 422, "mode"),
        ("POST", "/domains", '{"name":"' + "x" * (2 << 20) + '"}', 413, ""),
        ("GET", "/events?limit=0", None, 422, "limit"),
        ("GET", "/events?type=shut", None, 422, "type"),
    ]
    for method, path, body, status, word in cases:
        answer = s.stack.call(method, path, body)
        error = answer.json()
        shown = (method, path, str(body)[:60], answer.status, error)
        assert answer.status == status, shown
        assert error["statusCode"] == status, shown
        assert set(error) == {"statusCode", "message", "name"}, shown
        assert word in error["message"], shown
    assert len(s.stack.call("GET", "/domains").json()["data"]) == 1


def guards_with_keys(s):
    def error(**headers):
        return s.stack.call("GET", "/domains", **headers).json()

    missing = request(s.stack.api, "GET", "/domains")
    assert missing.status == 401
    assert missing.json()["name"] == "missing_api_key"
    wrong = error(Authorization="Bearer re_wrong")
    assert (wrong["statusCode"], wrong["name"]) == (403, "invalid_api_key")
    command = [str(s.stack.programs / "bin/waxseal"), "key", "create", "--dir",
               str(s.stack.dir), "--permission", "sending_access"]
    key = subprocess.run(command, env=s.stack.environment(), text=True,
                         check=True, stdout=subprocess.PIPE).stdout.split()[-1]
    limited = error(Authorization=f"Bearer {key}")
    assert (limited["statusCode"], limited["name"]) == \
        (401, "restricted_api_key"), limited
    stored = (s.stack.dir / "control.db").read_bytes()
    assert s.stack.key.encode() not in stored


def speaks_json_whatever_happens(s):
    big = {"X-Large": "x" * 60000}
    answer = request(s.stack.api, "GET", "/domains", None, big)
    assert answer.status == 400 and answer.json()["statusCode"] == 400
    for line in ("NONSENSE", "GET /%00 HTTP/1.1", "GET /../../x HTTP/1.1",
                 "GET / HTTP/9.1", f"GET /{'x' * 20000} HTTP/1.1",
                 "TRACE / HTTP/1.1", "CONNECT x:1 HTTP/1.1"):
        with socket.create_connection(("127.0.0.1", s.stack.api), 5) as raw:
            raw.sendall(f"{line}\r\nHost: x\r\n\r\n".encode())
            head, body = raw.makefile("rb").read().split(b"\r\n\r\n")
        status = int(head.split()[1])
        assert json.loads(body)["statusCode"] == status, (line, head, body)
    auth = {"Authorization": f"Bearer {s.stack.key}"}
    assert request(s.stack.api, "GET", "//domains", None, auth).status == 200
    assert request(s.stack.api, "GET", "/domains", "{}", auth).status == 200
    chunked = http.client.HTTPConnection("127.0.0.1", s.stack.api, timeout=10)
    chunked.request("POST", "/domains", iter([b'{"name":', b'"x y"}\n']),
                    auth, encode_chunked=True)
    assert chunked.getresponse().status == 422
    chunked.close()


def names_a_wrong_record(s):
    wrong = zone_records(s.domain).replace("10 bounce.us-east-1", "10 mail")
    s.publish(wrong)
    answer = s.stack.call("POST", f"/domains/{s.domain['id']}/verify",
                          None, Content_Type="application/json")
    assert answer.status == 200
    assert answer.json() == {"object": "domain", "id": s.domain["id"]}
    domain = wait_for("the records to be judged", lambda: (
        lambda d: d if all(r["status_detail"] for r in d["records"]) else None)(
            s.get()))
    assert domain["state"] == "pending", domain
    status = {(r["record"], r["type"]): r["status"] for r in domain["records"]}
    assert status == {("DKIM", "TXT"): "verified", ("SPF", "MX"): "pending",
                      ("SPF", "TXT"): "verified",
                      ("Tracking", "CNAME"): "verified"}, status
    detail = domain["records"][1]["status_detail"]
    assert "mail.waxseal.example" in str(detail["found"]), detail
    assert "bounce.us-east-1.waxseal.example" in \
        detail["message"] + detail["fix"], detail


def fails_after_the_window_and_retries(s):
    assert s.stack.call("POST", f"/domains/{s.domain['id']}/retry").status == 422
    s.state_becomes("failed", 30)
    assert s.stack.call("POST", f"/domains/{s.domain['id']}/retry").status == 200
    assert s.get()["state"] == "pending"


def verifies(s):
    path = f"/domains/{s.domain['id']}/records?format=bind"
    zone = request(s.stack.api, "GET", path, None,
                   {"Authorization": f"Bearer {s.stack.key}"})
    assert zone.headers["Content-Type"] == "text/dns; charset=utf-8"
    s.publish(zone.body.decode())
    domain = s.state_becomes("verified")
    assert domain["status"] == "verified"
    wait_for("every record to be verified", lambda: all(
        r["status"] == "verified" for r in s.get()["records"]))
    history = s.stack.call("GET", f"/domains/{s.domain['id']}/history").json()
    states = [entry["to"] for entry in reversed(history["data"])]
    assert states == ["not_started", "pending", "failed", "pending",
                      "verified"], history


def keeps_a_verified_domain_through_an_outage(s):
    s.nsd.stop()
    s.stack.call("POST", f"/domains/{s.domain['id']}/verify")
    time.sleep(4)
    assert s.get()["state"] == "verified"
    s.publish(zone_records(s.domain))


def rewrites_a_message(s):
    answer = s.stack.call("POST", "/messages", {
        "domain": "acme.example", "from": "Acme <news@acme.example>",
        "to": ["a@b.example"], "subject": "Hi", "html": HTML})
    assert answer.status == 201, answer.body
    s.message = answer.json()
    assert [link["url"] for link in s.message["links"]] == DESTINATIONS
    assert [link["index"] for link in s.message["links"]] == [0, 1, 2, 3]
    html = s.message["html"]
    start = html.index('<img src="http://links.acme.example/o/')
    end = html.index(">", start) + 1
    s.pixel = html[start:end].split('"')[1]
    assert html[end:].lower().startswith("</body>")
    restored = html[:start] + html[end:]
    originals = ["https://www.example.org/a?b=1&amp;c=2#frag"] + DESTINATIONS[1:]
    for link, original in zip(s.message["links"], originals):
        assert link["href"].startswith("http://links.acme.example/c/")
        assert restored.count(link["href"]) == 1
        restored = restored.replace(link["href"], original)
    assert restored == HTML


def redirects_to_the_exact_bytes(s):
    for link in s.message["links"]:
        answer = s.stack.click(link["href"], headers={"User-Agent": "story/1"})
        assert answer.status == 302
        assert answer.headers["Location"] == link["url"]
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.body == b""


def serves_the_pixel(s):
    answer = s.stack.click(s.pixel, headers={"User-Agent": "story/2"})
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "image/gif"
    assert answer.body[:6] in (b"GIF89a", b"GIF87a")
    assert len(answer.body) in (42, 43)


def answers_the_health_check(s):
    answer = request(s.stack.edge, "GET", "/favicon.ico", None,
                     {"Host": "Links.Acme.Example:80"})
    assert answer.status == 200
    assert answer.headers["X-Waxseal-Region"] == "us-east-1"
    assert answer.headers["X-Waxseal-Request-Protocol"] == "http"
    assert request(s.stack.edge, "GET", "/favicon.ico", None,
                   {"Host": "other.example"}).status == 404


def never_follows_a_changed_link(s):
    href = s.message["links"][0]["href"]
    base, token = href.rsplit("/", 1)
    alphabet = ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                "0123456789-_")
    for position in range(len(token)):
        other = random.choice([c for c in alphabet if c != token[position]])
        changed = token[:position] + other + token[position + 1:]
        answer = s.stack.click(f"{base}/{changed}")
        assert answer.status == 404, (position, answer.status)
        assert "Location" not in answer.headers
    for bad in ("", "AAAA", token + "A", token[:-1], token + "=", "https://e.example"):
        assert s.stack.click(f"{base}/{bad}").status == 404
    foreign = request(s.stack.edge, "GET", f"/c/{token}", None,
                      {"Host": "links.other.example"})
    assert foreign.status == 404
    # the token of a pixel is no click
    assert s.stack.click(s.pixel.replace("/o/", "/c/")).status == 404


def lists_the_events(s):
    path = f"/events?message_id={s.message['id']}&limit=100"
    start = time.monotonic()
    events = wait_for("the events", lambda: (
        lambda e: e if len(e) == 5 else None)(
            s.stack.call("GET", path).json()["data"]), 5)
    assert time.monotonic() - start < 5
    opened = [e for e in events if e["type"] == "open"]
    clicked = sorted((e for e in events if e["type"] == "click"),
                     key=lambda e: e["link_index"])
    assert len(opened) == 1 and opened[0]["link"] is None
    assert opened[0]["user_agent"] == "story/2"
    assert [e["link"] for e in clicked] == DESTINATIONS
    assert all(e["ip"] == "127.0.0.1" and e["domain_id"] == s.domain["id"]
               for e in events)
    first = s.stack.call("GET", path.replace("limit=100", "limit=2")).json()
    assert first["has_more"] and len(first["data"]) == 2
    rest = s.stack.call("GET", path + f"&after={first['data'][1]['id']}").json()
    assert [e["id"] for e in first["data"] + rest["data"]] == \
        [e["id"] for e in events]


def mints_table_links(s):
    long = "https://example.org/" + "x" * 3000
    answer = s.stack.call("POST", "/messages", {
        "domain": s.domain["id"], "html": f'<a href="{long}">x</a>'})
    link = answer.json()["links"][0]
    assert len(link["href"]) < 100, link
    assert s.stack.click(link["href"]).headers["Location"] == long


class Load:
    """Clients that click and ask the API until told to stop. Every click has a
    user agent of its own, so that each can be found again among the events."""

    def __init__(self, story):
        self.story = story
        self.stopping = threading.Event()
        self.acknowledged, self.attempted = set(), set()
        self.api_ok, self.api_bad, self.wrong = 0, [], []
        self.threads = [threading.Thread(target=self.clicks, args=(n,))
                        for n in range(3)]
        self.threads.append(threading.Thread(target=self.calls))
        for thread in self.threads:
            thread.start()

    def clicks(self, client):
        link = self.story.message["links"][client % 4]
        host, path = link["href"].split("://")[1].split("/", 1)
        number = 0
        connection = None
        while not self.stopping.is_set():
            number += 1
            name = f"load-{client}-{number}"
            self.attempted.add(name)
            try:
                connection = connection or http.client.HTTPConnection(
                    "127.0.0.1", self.story.stack.edge, timeout=10)
                answer = request(0, "GET", "/" + path, None,
                                 {"Host": host, "User-Agent": name}, connection)
                if answer.status == 302 and \
                        answer.headers["Location"] == link["url"]:
                    self.acknowledged.add(name)
                else:
                    self.wrong.append((name, answer.status))
            except (OSError, http.client.HTTPException):
                # its nginx worker was killed: the request was not answered
                connection.close()
                connection = None
            time.sleep(0.001)

    def calls(self):
        paths = ["/domains", "/events?limit=5"]
        number = 0
        while not self.stopping.is_set():
            number += 1
            try:
                answer = self.story.stack.call("GET", paths[number % 2])
                if answer.status == 200:
                    self.api_ok += 1
                else:
                    self.api_bad.append((paths[number % 2], answer.status))
            except (OSError, http.client.HTTPException):
                pass  # its nginx worker was killed
            time.sleep(0.01)

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(30)


def kill_and_see_again(s, name, find):
    pid = find()
    os.kill(pid, signal.SIGKILL)
    wait_for(f"{name} to be started again",
             lambda: not alive(pid) and find() not in (None, pid), 10)


def survives_kill_9_of_each_process(s):
    load = Load(s)
    started = time.monotonic()
    try:
        for _ in range(3):
            kill_and_see_again(s, "an nginx worker",
                               lambda: (s.stack.nginx_workers() or [None])[0])
            time.sleep(0.3)
            for name in ("waxseal-worker", "waxseal-domains",
                         "waxseal-tracking", "waxseal-events"):
                kill_and_see_again(s, name, lambda n=name: s.stack.child(n))
                time.sleep(0.3)
    finally:
        load.stop()
    print(f"{len(load.acknowledged)} clicks acknowledged of "
          f"{len(load.attempted)}, {load.api_ok} API calls answered in "
          f"{time.monotonic() - started:.1f} s")
    assert not load.wrong, load.wrong[:3]
    assert not load.api_bad, load.api_bad[:3]
    assert len(load.acknowledged) > 500 and load.api_ok > 50
    expect_exactly_once(s, load)
    assert s.stack.call("POST", "/messages", {
        "domain": "acme.example", "html": HTML}).status == 201
    assert s.stack.call("PATCH", f"/domains/{s.domain['id']}",
                        {"open_tracking": True}).status == 200


def recorded(s):
    """The agents of all events of the message, oldest first."""
    agents, after = [], ""
    while True:
        page = s.stack.call("GET", f"/events?message_id={s.message['id']}"
                            f"&order=asc&limit=100{after}").json()
        agents += [event["user_agent"] for event in page["data"]]
        if not page["has_more"]:
            return agents
        after = f"&after={page['data'][-1]['id']}"


def expect_exactly_once(s, load):
    agents = wait_for("every acknowledged click to be an event", lambda: (
        lambda found: found if load.acknowledged <= set(found) else None)(
            recorded(s)), 10)
    mine = [agent for agent in agents if agent.startswith("load-")]
    assert len(mine) == len(set(mine)), "an event was stored twice"
    assert set(mine) <= load.attempted


def survives_kill_9_of_the_nginx_master(s):
    kill_and_see_again(s, "nginx", lambda: s.stack.child("nginx"))
    wait_for("the edge", s.stack.healthy)
    redirects_to_the_exact_bytes(s)


def survives_a_restart_of_everything(s):
    key = s.stack.key
    assert s.stack.stop() == 0
    s.stack.start()
    assert s.stack.key == key
    assert s.get()["state"] == "verified"
    redirects_to_the_exact_bytes(s)
    before = len(recorded(s))
    serves_the_pixel(s)
    wait_for("the open", lambda: len(recorded(s)) > before, 5)


def redirects_with_the_control_plane_down(s):
    names = ("waxseal-worker", "waxseal-domains", "waxseal-tracking",
             "waxseal-events")
    for name in names:
        os.kill(s.stack.child(name), signal.SIGSTOP)
    try:
        redirects_to_the_exact_bytes(s)
    finally:
        for name in names:
            os.kill(s.stack.child(name), signal.SIGCONT)


def deleted_domain_keeps_redirecting(s):
    before = len(recorded(s))
    assert s.stack.call("DELETE", f"/domains/{s.domain['id']}").json() == {
        "object": "domain", "id": s.domain["id"], "deleted": True}
    assert s.stack.call("GET", f"/domains/{s.domain['id']}").status == 404
    time.sleep(1)
    redirects_to_the_exact_bytes(s)
    time.sleep(1)
    assert len(recorded(s)) == before


def refuses_a_newer_database(s):
    assert s.stack.stop() == 0
    newer = pathlib.Path(s.folder) / "newer"
    shutil.copytree(s.stack.dir, newer, ignore=shutil.ignore_patterns("run"))
    subprocess.run(["/usr/bin/python3", "-c", "import sqlite3,sys;"
                    "sqlite3.connect(sys.argv[1]).execute("
                    "'PRAGMA user_version=999')", str(newer / "control.db")],
                   check=True)
    result = subprocess.run(
        [str(s.stack.programs / "bin/waxseal"), "init", "--dir", str(newer)],
        env=s.stack.environment(), stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True)
    assert result.returncode != 0 and "newer" in result.stdout, result.stdout


def leaves_no_secret_in_the_clear(s):
    log = (s.stack.folder / "log").read_text(errors="replace")
    assert log.count(s.stack.key) <= 1, "the key is printed on first start only"
    assert "a@b.example" not in log
    control = b"".join(path.read_bytes() for path in s.stack.dir.glob("control.db*"))
    assert b"PRIVATE KEY" not in control
    assert oct((s.stack.dir / "master.key").stat().st_mode & 0o777) == "0o600"
    digest = hashlib.sha256(s.stack.key.encode()).digest()
    assert digest in control


TESTS = [
    starts_from_nothing, runs_as_an_ordinary_user, adds_a_domain,
    refuses_bad_input, guards_with_keys, speaks_json_whatever_happens,
    names_a_wrong_record, fails_after_the_window_and_retries, verifies,
    keeps_a_verified_domain_through_an_outage, rewrites_a_message,
    redirects_to_the_exact_bytes, serves_the_pixel, answers_the_health_check,
    never_follows_a_changed_link, lists_the_events, mints_table_links,
    survives_kill_9_of_each_process, survives_kill_9_of_the_nginx_master,
    survives_a_restart_of_everything, redirects_with_the_control_plane_down,
    deleted_domain_keeps_redirecting, refuses_a_newer_database,
    leaves_no_secret_in_the_clear,
]


def main():
    story = Story()
    try:
        passed, failed = run_tests(TESTS, story)
        reports = list(pathlib.Path(story.folder).glob("sanitizer/*"))
        for report in reports:
            print(report.read_text(errors="replace"))
            failed += 1
        if failed:
            print(story.stack.log())
    finally:
        story.stack.stop()
        story.nsd.stop()
        shutil.rmtree(story.folder)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
