#!/usr/bin/python3
"""make_links.py DIR LINKS [URLS] - a state directory with a control.db that has
LINKS table links to URLS destinations (default: one each) and a tracking host
for each hundred links."""
import os
import pathlib
import sqlite3
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = TOP / os.environ.get("BUILD", "build") / "bin/waxseal"
LINKS_PER_HOST = 100
ID_STEP = (1 << 48) // 100000000  # so that 100 M links have ids in order
PIECE = 1000000


def domains(control, count):
    control.execute("INSERT OR IGNORE INTO accounts (number, id, name, created_at) VALUES (1, 'a', 'a', 1)")
    control.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
        "WHERE i < ?) INSERT INTO domains (number, id, account, name, region, "
        "return_path, open_tracking, click_tracking, tls, state, state_since, "
        "created_at) SELECT 1000 + i, printf('00000000-0000-4000-8000-%012d', "
        "i), 1, 'd' || i || '.example', 'us-east-1', 'send', 1, 1, "
        "'opportunistic', 'verified', 1, 1 FROM n", (count,))
    control.execute(
        "INSERT INTO tracking_hosts (domain, label, host, created_at, "
        "verified_at) SELECT number, 'links', 'links.' || name, 1, 1 "
        "FROM domains WHERE number > 1000")


def links(control, first, last, urls, hosts):
    """A link each for first to last; random ids, but inserted in order."""
    control.execute(
        "WITH RECURSIVE n(i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM n "
        "WHERE i < ?2) INSERT INTO links (id, domain, url, created_at) "
        "SELECT i * ?3 + abs(random()) % ?3, 1001 + i % ?4, "
        "printf('https://www.example.com/products/item-%08d?c=%.*s', i % ?5, "
        "i % 30, 'autumn-2026-newsletter-campaign'), 1 FROM n",
        (first, last, ID_STEP, hosts, urls))


def make(folder, count, urls):
    folder.mkdir(parents=True)
    subprocess.run([PROGRAM, "init", "--dir", folder], check=True,
                   stdout=subprocess.DEVNULL)
    hosts = max(1, count // LINKS_PER_HOST)
    control = sqlite3.connect(folder / "control.db", isolation_level=None)
    trigger, = control.execute("SELECT sql FROM sqlite_schema "
                               "WHERE name = 'link_added'").fetchone()
    # as after a long life: the changes that brought the links are forgotten
    control.execute("BEGIN")
    control.execute("DROP TRIGGER link_added")
    domains(control, hosts)
    for first in range(0, count, PIECE):
        links(control, first, min(first + PIECE, count) - 1, urls, hosts)
    control.execute(trigger)
    control.execute("INSERT INTO sqlite_sequence (name, seq) "
                    "SELECT 'changes', ? WHERE NOT EXISTS (SELECT 1 FROM "
                    "sqlite_sequence WHERE name = 'changes')", (count,))
    control.execute("COMMIT")
    control.close()


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    count = int(sys.argv[2])
    start = time.monotonic()
    make(pathlib.Path(sys.argv[1]), count, int((sys.argv[3:] or [count])[0]))
    print(f"control.db with {count} links made in "
          f"{time.monotonic() - start:.1f} s")


if __name__ == "__main__":
    main()
