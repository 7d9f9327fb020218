#!/usr/bin/python3
"""The kill switch and the rotation of link keys, from the command line through
control.db and the lookup table to nginx."""
import base64
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import uuid

from stack import Stack, run_tests, temporary_folder, wait_for

URL = "https://shop.example/a%2Fb?x=1#top"
HTML = f'<a href="{URL}">x</a>'


class Context:
    def __init__(self):
        self.folder = temporary_folder()
        self.stack = Stack(self.folder, {})
        self.links = {}

    def waxseal(self, *words):
        return subprocess.run(
            [str(self.stack.programs / "bin/waxseal"), *words, "--dir",
             str(self.stack.dir)], text=True, timeout=60,
            env=self.stack.environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def good(self, *words):
        result = self.waxseal(*words)
        assert result.returncode == 0 and not result.stderr, result
        return result.stdout

    def bad(self, *words):
        result = self.waxseal(*words)
        assert result.returncode == 1 and not result.stdout, result
        return result.stderr

    def sql(self, text, *values):
        with sqlite3.connect(self.stack.dir / "control.db", timeout=10) as db:
            return db.execute(text, values).fetchall()

    def message(self, links="signed", html=HTML):
        answer = self.stack.call("POST", "/messages", {
            "domain": "acme.example", "html": html,
            "tracking": {"links": links}})
        assert answer.status == 201, answer.body
        return answer.json()

    def status(self, href):
        answer = self.stack.click(href)
        if answer.status == 302:
            assert answer.headers["Location"] == URL
        return answer.status

    def events(self):
        return len(self.stack.call("GET", "/events?limit=100").json()["data"])


def add_domain(c, name):
    answer = c.stack.call("POST", "/domains", {
        "name": name, "tracking_subdomain": "links", "open_tracking": True,
        "click_tracking": True})
    assert answer.status == 201, answer.body
    number, = c.sql("SELECT number FROM domains WHERE name = ? AND deleted_at "
                    "IS NULL", name)[0]
    # as verification leaves it
    c.sql("UPDATE domains SET state = 'verified', next_check_at = NULL "
          "WHERE number = ?", number)
    c.sql("UPDATE records SET status = 'verified' WHERE domain = ?", number)
    c.sql("UPDATE tracking_hosts SET verified_at = 1 WHERE domain = ?", number)
    return answer.json()["id"]


def starts(c):
    c.stack.start()
    c.domain = add_domain(c, "acme.example")
    wait_for("the tracking host", lambda: c.sql(
        "SELECT count(*) FROM link_secrets")[0][0] == 1)
    signed, table = c.message(), c.message("table")
    c.signed, c.table = signed["links"][0]["href"], table["links"][0]["href"]
    c.message_id = signed["id"]
    c.pixel = re.search(r'src="(http[^"]+/o/[^"]+)"', signed["html"]).group(1)
    wait_for("the links", lambda: c.status(c.signed) == 302)
    assert c.status(c.table) == 302


def kills_a_table_link_by_its_url(c):
    said = c.good("kill", "link", c.table)
    assert said.startswith("killed: table link ") and URL in said, said
    assert "acme.example" in said and said.endswith("\nIn effect.\n"), said
    assert c.status(c.table) == 410
    assert c.status(c.signed) == 302
    assert "is killed already" in c.good("kill", "link", c.table)
    number = re.search(r"table link (\d+) ", said).group(1)
    assert c.good("unkill", "link", number).startswith("revived: ")
    assert c.status(c.table) == 302
    assert c.good("kill", "link", number).startswith("killed: ")
    assert c.status(c.table) == 410
    c.good("unkill", "link", c.table + "?utm_source=x")
    assert c.status(c.table) == 302
    assert "is not killed" in c.good("unkill", "link", number)


def kills_no_signed_or_forged_link(c):
    said = c.bad("kill", "link", c.signed)
    assert f"waxseal kill message {c.message_id}" in said, said
    forged = c.table[:-1] + ("A" if c.table[-1] != "A" else "B")
    for what, reason in ((forged, ""), ("77", "no table link 77"),
                         ("x", "neither"), (c.pixel, "only click links"),
                         ("http://links.acme.example/c/x", "damaged"),
                         (c.table.replace("links.", "l."), "has made this"),
                         ("http://" + "x" * 400 + "/c/x", "too long")):
        assert reason in c.bad("kill", "link", what), what
    assert c.status(c.table) == 302 and c.status(c.signed) == 302


def kills_a_message(c):
    said = c.good("kill", "message", c.message_id.upper())
    assert f"killed: message {c.message_id} of acme.example.\n" in said, said
    assert said.endswith("In effect.\n"), said
    assert c.status(c.signed) == 410
    time.sleep(0.5)
    before = c.events()
    pixel = c.stack.click(c.pixel)
    assert pixel.status == 200
    assert pixel.headers["Content-Type"] == "image/gif"
    assert c.status(c.table) == 302  # of another message, and an event
    wait_for("that event", lambda: c.events() == before + 1)
    assert "killed already" in c.good("kill", "message", c.message_id)
    assert "revived" in c.good("unkill", "message", c.message_id)
    assert c.status(c.signed) == 302
    assert "is not killed" in c.good("unkill", "message", c.message_id)
    assert "not sent through" in c.good("kill", "message", str(uuid.uuid4()))
    for bad in ("x", str(uuid.UUID(int=0)), c.message_id + "0"):
        assert "not the id of a message" in c.bad("kill", "message", bad)


def survives_a_new_table(c):
    c.good("kill", "message", c.message_id)
    worker = c.stack.child("waxseal-worker")
    table = c.stack.dir / "table.wxt"
    before = table.stat().st_ino
    table.unlink()
    os.kill(worker, signal.SIGKILL)
    wait_for("a new table",
             lambda: table.exists() and table.stat().st_ino != before)
    c.good("kill", "link", c.table)
    # each worker of nginx sees a table that nobody announced within a second;
    # many connections meet them all
    wait_for("it to be in use everywhere", lambda: all(
        c.status(c.table) == 410 for _ in range(30)))
    assert c.status(c.signed) == 410
    c.good("unkill", "link", c.table)
    c.good("unkill", "message", c.message_id)
    assert c.status(c.signed) == 302 and c.status(c.table) == 302


def kills_a_domain(c):
    said = c.good("kill", "domain", "ACME.example")
    assert said.startswith("killed: domain acme.example."), said
    assert c.status(c.signed) == 410 and c.status(c.table) == 410
    assert c.stack.click(c.pixel).status == 200
    untracked = c.message()
    assert untracked["links"] == [] and untracked["html"] == HTML
    assert "withdrawn" in untracked["warnings"][0]
    assert "killed already" in c.good("kill", "domain", c.domain)
    c.good("unkill", "domain", c.domain)
    assert c.status(c.signed) == 302 and c.status(c.table) == 302
    assert "no domain" in c.bad("kill", "domain", "nobody.example")


def kills_a_deleted_domain(c):
    first = add_domain(c, "gone.example")
    assert c.stack.call("DELETE", f"/domains/{first}").status == 200
    assert "former domain gone" in c.good("kill", "domain", "gone.example")
    second = add_domain(c, "gone.example")
    assert "killed: domain gone" in c.good("kill", "domain", "gone.example")
    c.good("unkill", "domain", "gone.example")
    assert "killed already" in c.good("kill", "domain", first)
    assert c.stack.call("DELETE", f"/domains/{second}").status == 200
    assert "several former" in c.bad("kill", "domain", "gone.example")
    assert c.good("kill", "domain", second).startswith("killed: former")


def key_of(href):
    token = href.rsplit("/", 1)[1]
    return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))[1]


def rotates_link_keys_without_a_gap(c):
    hrefs = [c.signed, c.table]
    assert {key_of(href) for href in hrefs} == {0}
    for key in range(1, 5):
        said = c.good("domain", "rotate-links", "acme.example")
        assert f"New links are made with key {key};" in said, said
        assert f"valid keys: {' '.join(map(str, range(key + 1)))}." in said
        assert said.endswith("In effect.\n"), said
        for links in ("signed", "table"):
            href = c.message(links)["links"][0]["href"]
            assert key_of(href) == key
            assert c.status(href) == 302  # at once
            hrefs.append(href)
        assert all(c.status(href) == 302 for href in hrefs)
    c.by_key = {key: [h for h in hrefs if key_of(h) == key]
                for key in range(5)}


def revokes_a_key(c):
    said = c.good("domain", "rotate-links", "acme.example", "--revoke", "1")
    assert "links made with key 1 answer 404" in said, said
    assert "made with key 4; valid keys: 0 2 3 4." in said, said
    for key, hrefs in c.by_key.items():
        assert {c.status(h) for h in hrefs} == {404 if key == 1 else 302}
    for key, reason in ((1, "no valid key 1"), (5, "no valid key 5"),
                        (200, "no valid key 200"), (4, "rotate before")):
        said = c.bad("domain", "rotate-links", "acme.example", "--revoke",
                     str(key))
        assert reason in said, said
    for key in ("256", "-1", "x", ""):
        result = c.waxseal("domain", "rotate-links", "acme.example",
                           f"--revoke={key}")
        assert result.returncode == 2, result
    # a revoked id is not handed out again
    c.good("domain", "rotate-links", "acme.example")
    assert c.status(c.by_key[1][0]) == 404
    assert key_of(c.message()["links"][0]["href"]) == 5


def keys_run_out(c):
    c.sql("UPDATE link_secrets SET current_key = 255")
    assert "all of its 256" in c.bad("domain", "rotate-links", "acme.example")
    c.sql("UPDATE link_secrets SET current_key = 5")
    c.stack.call("POST", "/domains", {"name": "bare.example"})
    assert "no link keys" in c.bad("domain", "rotate-links", "bare.example")


def stopped_worker_is_told(c):
    assert c.stack.stop() == 0
    said = c.good("kill", "domain", "acme.example")
    assert "Not in effect yet" in said, said
    said = c.bad("domain", "rotate-links", "acme.example")
    assert "made with key 5 as before" in said, said
    c.stack.start()
    wait_for("the kill", lambda: c.status(c.signed) == 410)
    c.good("unkill", "domain", "acme.example")
    assert "made with key 6" in c.good("domain", "rotate-links",
                                       "acme.example")
    href = c.message()["links"][0]["href"]
    assert key_of(href) == 6 and c.status(href) == 302


def main():
    c = Context()
    try:
        passed, failed = run_tests([
            starts, kills_a_table_link_by_its_url,
            kills_no_signed_or_forged_link, kills_a_message,
            survives_a_new_table, kills_a_domain, kills_a_deleted_domain,
            rotates_link_keys_without_a_gap, revokes_a_key, keys_run_out,
            stopped_worker_is_told], c)
        if failed:
            print(c.stack.log())
    finally:
        c.stack.stop()
        shutil.rmtree(c.folder)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
