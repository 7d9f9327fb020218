#!/usr/bin/python3
"""What calls of the API cost, with 100,000 domains in the database: paired with
the least that a FastCGI program can answer behind the same nginx."""
import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import threading
import time
import uuid

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))
from stack import BUILD, Stack, children, free_port, temporary_folder, wait_for

DOMAINS = int(os.environ.get("DOMAINS", 100_000))
ROUNDS = int(os.environ.get("ROUNDS", 5))
SECONDS = os.environ.get("SECONDS_EACH", "2")
WRITES = 1000  # a second


class Nginx:
    """One nginx before the stack's program and before tool_hello."""

    def __init__(self, folder, stack):
        self.folder = pathlib.Path(folder) / "nginx"
        self.folder.mkdir()
        self.port = free_port()
        self.hello = subprocess.Popen([str(BUILD / "bench/tool_hello"),
                                       str(self.folder / "hello.sock")])
        wait_for("tool_hello", (self.folder / "hello.sock").exists)
        run = stack.dir / "run"
        temporary = "\n".join(
            f"{kind}_temp_path {self.folder}/{kind};" for kind in
            ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (self.folder / "conf").write_text(f"""
user root;
worker_processes 1;
daemon off;
pid {self.folder}/pid;
error_log {self.folder}/log warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    {temporary}
    upstream api {{ server unix:{run}/domains.sock max_fails=0; }}
    upstream hello {{ server unix:{self.folder}/hello.sock max_fails=0; }}
    server {{
        listen 127.0.0.1:{self.port};
        include {run}/fastcgi.conf;
        location / {{ fastcgi_pass api; }}
        location = /hello {{ fastcgi_pass hello; }}
    }}
}}
""")
        self.process = subprocess.Popen(
            ["/usr/sbin/nginx", "-p", str(self.folder), "-c",
             str(self.folder / "conf")], stderr=subprocess.DEVNULL)
        wait_for("nginx", lambda: self.answers())

    def answers(self):
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", self.port)
            connection.request("GET", "/hello")
            return connection.getresponse().status == 200
        return False

    def load(self, paths, key):
        """(requests a second, 99th percentile in ms) of wrk; every answer must
        be a success."""
        out = subprocess.check_output(
            ["wrk", "-t1", "-c16", f"-d{SECONDS}s", "--latency", "-s",
             str(HERE / "ids.lua"), f"http://127.0.0.1:{self.port}", "--",
             str(paths), key], text=True)
        assert "Non-2xx" not in out and "Socket errors" not in out, out
        late = re.search(r"99%\s+([\d.]+)(us|ms|s)", out)
        return (float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]),
                float(late[1]) * {"us": 0.001, "ms": 1, "s": 1000}[late[2]])

    def stop(self):
        self.hello.kill()  # its library takes TERM for something else
        self.hello.wait(10)
        self.process.terminate()
        self.process.wait(10)


def fill(stack):
    """Domains of the default account, verified, with records and a key each."""
    now = int(time.time() * 1e6)
    ids = [str(uuid.uuid4()) for _ in range(DOMAINS)]
    with sqlite3.connect(stack.dir / "control.db") as control:
        control.execute("PRAGMA synchronous = OFF")
        account = control.execute("SELECT min(number) FROM accounts").fetchone()[0]
        control.executemany(
            "INSERT INTO domains (id, account, name, region, return_path, "
            "open_tracking, click_tracking, tls, state, state_since, created_at) "
            "VALUES (?, ?, ?, 'us-east-1', 'send', 0, 0, 'opportunistic', "
            "'verified', ?, ?)",
            ((name, account, f"customer{i}.example", now, now + i)
             for i, name in enumerate(ids)))
        control.execute(
            "INSERT INTO dkim_keys (id, domain, selector, algorithm, public_key, "
            "sealed, state, created_at) SELECT id, number, 'wx00001', 'rsa-2048', "
            "'MIIB' || hex(randomblob(190)), x'00', 'active', created_at "
            "FROM domains")
        # those of a domain side by side, as they are when it is added
        kinds = " UNION ALL ".join(
            f"SELECT {i} AS place, '{kind}' AS kind, '{type_}' AS type, "
            f"'{prefix}' AS prefix"
            for i, (kind, type_, prefix) in enumerate((
                ("dkim", "TXT", "wx00001._domainkey."), ("mx", "MX", "send."),
                ("spf", "TXT", "send."), ("dmarc", "TXT", "_dmarc."))))
        control.execute(
            "INSERT INTO records (domain, kind, fqdn, type, value, status) "
            "SELECT number, kind, prefix || name, type, "
            "'p=' || hex(randomblob(190)), 'verified' "
            f"FROM domains, ({kinds}) ORDER BY number, place")
    return ids


def memory(pid):
    """Memory of the program's own in KiB, without what it maps of files."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"RssAnon:\s+(\d+)", text)[1])


def cpu(pids):
    """Seconds of processor time that the processes have had."""
    return sum(int(task.read_text().split()[0]) for pid in pids for task in
               pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def costs(nginx, key, paths, program):
    """(requests a second, processor time of one: program's and nginx's)."""
    servers = [program, *(pid for pid, _ in children(nginx.process.pid))]
    before = cpu(servers)
    rate, _ = nginx.load(paths, key)
    return rate, (cpu(servers) - before) / (rate * float(SECONDS))


def paired(nginx, key, paths, hello, program):
    """Medians of rounds in which both took turns: ratio to hello-world, rate,
    processor time, and that of hello-world."""
    rounds = []
    for _ in range(ROUNDS):
        before = costs(nginx, key, hello, nginx.hello.pid)
        rate, took = costs(nginx, key, paths, program)
        after = costs(nginx, key, hello, nginx.hello.pid)
        rounds.append((rate / ((before[0] + after[0]) / 2), rate, took,
                       (before[1] + after[1]) / 2))
    return [statistics.median(column) for column in zip(*rounds)]


def stream(nginx, key, target, watch):
    """(bytes, seconds, most of what watch() yields meanwhile) of an answer that
    is read and dropped."""
    most = watch()
    start = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", nginx.port, timeout=60)
    connection.request("GET", target, headers={"Authorization": f"Bearer {key}"})
    response = connection.getresponse()
    size = 0
    last = b""
    while chunk := response.read(1 << 20):
        size += len(chunk)
        last = chunk
        most = max(most, watch())
    connection.close()
    assert response.status == 200 and last.endswith((b"]}", b"\r\n")), last[-20:]
    return size, time.monotonic() - start, most


class Writer(threading.Thread):
    """A process that commits WRITES times a second to a database."""

    CODE = """
import sqlite3, sys, time
control = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=10)
control.execute("PRAGMA synchronous = FULL")
count, start = 0, time.monotonic()
while True:
    control.execute("UPDATE domains SET checked_at = ?1 WHERE number = ?2",
                    (count, count %% 1000 + 1))
    count += 1
    print(count, flush=True)
    time.sleep(max(0, start + count / %d - time.monotonic()))
""" % WRITES

    def __init__(self, path):
        super().__init__(daemon=True)
        self.process = subprocess.Popen(
            [sys.executable, "-c", self.CODE, str(path)],
            stdout=subprocess.PIPE, text=True)
        self.count = 0
        self.began = time.monotonic()
        self.start()

    def run(self):
        for line in self.process.stdout:
            self.count = int(line)

    def stop(self):
        rate = self.count / (time.monotonic() - self.began)
        self.process.kill()
        self.process.wait()
        return rate


def beside_writes(nginx, stack, key, paths):
    """Ratios of rate and of 99th percentile beside writes to the same database
    and to a copy of it: the writer takes its part of the processors in both."""
    rates, lates, writes = [], [], []
    other = stack.folder / "copy.db"
    with contextlib.closing(sqlite3.connect(stack.dir / "control.db")) as control:
        control.execute("VACUUM INTO ?", (str(other),))
    with contextlib.closing(sqlite3.connect(other)) as copy:
        copy.execute("PRAGMA journal_mode = WAL")
    for _ in range(ROUNDS):
        loads = []
        for path in (other, stack.dir / "control.db"):
            writer = Writer(path)
            loads.append(nginx.load(paths, key))
            writes.append(writer.stop())
        rates.append(loads[1][0] / loads[0][0])
        lates.append(loads[1][1] / loads[0][1])
    return (statistics.median(rates), statistics.median(lates),
            statistics.median(writes))


def commits(folder):
    """Transactions a second of one small row each, on the same file system."""
    path = pathlib.Path(folder) / f"{uuid.uuid4()}.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("CREATE TABLE t (id TEXT PRIMARY KEY)")
        start, count = time.monotonic(), 0
        while time.monotonic() - start < 1:
            db.execute("INSERT INTO t VALUES (?)", (str(uuid.uuid4()),))
            count += 1
    return count / (time.monotonic() - start)


def creations(nginx, key, count):
    """Domains created a second by one client, keys being ready for them."""
    connection = http.client.HTTPConnection("127.0.0.1", nginx.port, timeout=60)
    start = time.monotonic()
    for i in range(count):
        connection.request("POST", "/domains", json.dumps(
            {"name": f"new{i}-{uuid.uuid4().hex[:8]}.example"}),
            {"Authorization": f"Bearer {key}"})
        response = connection.getresponse()
        body = response.read()
        assert response.status == 201, body
    return count / (time.monotonic() - start)


def ready_keys(stack):
    with sqlite3.connect(stack.dir / "control.db") as control:
        return control.execute("SELECT count(*) FROM dkim_keys "
                               "WHERE state = 'pool'").fetchone()[0]


def measure(folder, stack, nginx):
    ids = fill(stack)
    root = pathlib.Path(folder)
    files = {
        "hello": ["/hello"],
        "domain": [f"/domains/{name}" for name in ids],
        "sender": [f"/senders/news@mail.customer{i}.example"
                   for i in range(DOMAINS)],
    }
    for name, paths in files.items():
        (root / name).write_text("\n".join(paths) + "\n")
        files[name] = root / name
    key = stack.key
    print(f"{DOMAINS} domains, {ROUNDS} rounds of {SECONDS} s, medians")
    program = stack.child("waxseal-domains")
    for name, call, least in (("domain", "GET /domains/{id}", 0.5),
                              ("sender", "GET /senders/{address}", 0.7)):
        ratio, rate, took, least_took = paired(
            nginx, key, files[name], files["hello"], program)
        print(f"{call}: {ratio:.2f} of hello-world ({rate:.0f} a second); "
              f"aim: {least}; processor time of the program and nginx "
              f"{took * 1e6:.0f} us, hello-world {least_took * 1e6:.0f} us",
              flush=True)
    for target in ("/domains", "/domains?format=csv"):
        before = memory(program)
        size, seconds, most = stream(nginx, key, target,
                                     lambda: memory(program))
        print(f"GET {target}: {size / 1e6:.1f} MB in {seconds:.1f} s, memory "
              f"{before} to at most {most} KiB", flush=True)
    rate, late, writes = beside_writes(nginx, stack, key, files["domain"])
    print(f"GET /domains/{{id}} beside {writes:.0f} commits a second to the same "
          f"database, by those to another one: {rate:.2f} of the rate, "
          f"{late:.2f} of the 99th percentile", flush=True)
    wait_for("DKIM keys", lambda: ready_keys(stack) >= 64, 120)
    alone = [commits(folder)]
    made = creations(nginx, key, 60)
    alone.append(commits(folder))
    print(f"POST /domains: {made:.0f} a second by one client; commits of one "
          f"row: {statistics.mean(alone):.0f} a second", flush=True)


def main():
    folder = temporary_folder()
    stack = Stack(folder, {"WAXSEAL_API_RATE_LIMIT": "0",
                           "WAXSEAL_DKIM_POOL": "64", "WAXSEAL_LOG": "warn",
                           "WAXSEAL_DNS_RESOLVER": "127.0.0.1:1"})
    nginx = None
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    try:
        stack.start()
        nginx = Nginx(folder, stack)
        measure(folder, stack, nginx)
    finally:
        stack.stop()
        if nginx:
            nginx.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
