#!/usr/bin/python3
"""verify_bench.py - how fast domains are verified: five records of each of
10,000 zones on an NSD whose answers take 50 ms, found through an unbound.

Beside the engine: threads that each have an ldns resolver and ask one question
after the other. "worker" is the real program, with its database. Everything
runs on this machine and shares its processors.
BENCH_DOMAINS changes the size, BENCH_VERIFY_ROUNDS the number of rounds (the
median is printed; 3)."""
import base64
import contextlib
import os
import pathlib
import resource
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import uuid

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = TOP / os.environ.get("BUILD", "build")
sys.path.insert(0, str(TOP / "tests/integration"))
from stack import free_port, own_root, wait_for  # noqa: E402

DOMAINS = int(os.environ.get("BENCH_DOMAINS", 10000))
ROUNDS = int(os.environ.get("BENCH_VERIFY_ROUNDS", 3))
DELAY_MS = 50
NS1, NS2, DEAD = "127.53.0.2", "127.53.0.3", "127.53.0.9"
PORT = 53  # of nameservers that unbound learns of; this needs root
KEY = base64.b64encode(bytes(range(37)) * 8)[:392].decode()
DKIM = f"v=DKIM1; k=rsa; p={KEY}"
SPF = "v=spf1 include:_spf.waxseal.example ~all"
RECORDS = f"""wx1._domainkey TXT "{DKIM[:255]}" "{DKIM[255:]}"
send TXT "{SPF}"
send MX 10 bounce.waxseal.example.
links CNAME links.waxseal.example.
_dmarc TXT "v=DMARC1; p=none;"
"""


def names(prefix, count, dead=0):
    """Domains, the dead ones (which begin with "x") spread evenly."""
    step = count // dead if dead else 0
    return [f"{'x' if step and i % step == 0 else prefix}{i:05}.bench.example"
            for i in range(count)]


class Farm:
    """NSD behind the delay, and unbound before both."""

    def __init__(self, folder):
        self.folder = folder
        self.nsd_port, self.resolver_port = free_port(), free_port()
        self.port = PORT
        self.processes = []

    def start(self):
        zones = self.folder / "zones"
        zones.mkdir()
        head = "$TTL 300\n@ SOA ns1.bench.example. h 1 60 60 600 60\n"
        kinds = {"a": ("ns1",), "b": ("ns1", "ns2"), "x": ("dead",)}
        for kind, hosts in kinds.items():
            (zones / kind).write_text(
                head + "".join(f"@ NS {h}.bench.example.\n" for h in hosts)
                + RECORDS)
        (zones / "top").write_text(
            head + "@ NS ns1\n" f"ns1 A {NS1}\nns2 A {NS2}\ndead A {DEAD}\n")
        (zones / "target").write_text(
            head + "@ NS ns1.bench.example.\nlinks A 127.0.0.20\n")
        config = [f"""server:
  ip-address: 127.0.0.1@{self.nsd_port}
  zonesdir: "{zones}"
  database: ""
  pidfile: "{self.folder}/nsd.pid"
  zonelistfile: "{self.folder}/list"
  xfrdfile: "{self.folder}/xfrd"
  xfrdir: "{self.folder}"
  username: ""
  server-count: 1
  tcp-count: 4000
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: bench.example
  zonefile: top
zone:
  name: waxseal.example
  zonefile: target
"""]
        for name in {*names("a", DOMAINS), *names("b", DOMAINS),
                     *names("a", DOMAINS, DOMAINS // 10)}:
            config.append(f"zone:\n  name: {name}\n  zonefile: {name[0]}\n")
        (self.folder / "nsd.conf").write_text("".join(config))
        self.run("nsd", ["/usr/sbin/nsd", "-d", "-c", self.folder / "nsd.conf"])
        self.run("delay", [BUILD / "bench/tool_delay", str(DELAY_MS),
                           str(self.port), str(self.nsd_port), NS1, NS2,
                           "-" + DEAD])
        (self.folder / "unbound.conf").write_text(f"""server:
  interface: 127.0.0.1
  port: {self.resolver_port}
  directory: "{self.folder}"
  chroot: ""
  username: ""
  pidfile: "{self.folder}/unbound.pid"
  use-syslog: no
  do-ip6: no
  do-not-query-localhost: no
  module-config: "iterator"
  num-threads: 1
  outgoing-range: 8000
  num-queries-per-thread: 4096
  so-rcvbuf: 4m
  minimal-responses: yes
remote-control:
  control-enable: no
{own_root(self.folder)}stub-zone:
  name: bench.example
  stub-addr: {NS1}@{self.port}
stub-zone:
  name: waxseal.example
  stub-addr: {NS1}@{self.port}
""")
        self.resolver = None
        self.fresh_resolver()
        wait_for("the zones", lambda: self.digs("a00000.bench.example"), 60)

    def run(self, name, command):
        with open(self.folder / f"{name}.log", "ab") as log:
            process = subprocess.Popen([str(c) for c in command], stdout=log,
                                       stderr=log)
        self.processes.append(process)
        return process

    def fresh_resolver(self):
        """An unbound that has nothing in its cache."""
        if self.resolver:
            self.end(self.resolver)
        self.resolver = self.run("unbound", [
            "/usr/sbin/unbound", "-d", "-c", self.folder / "unbound.conf"])
        wait_for("unbound", lambda: self.digs("a00000.bench.example"))

    def digs(self, name):
        out = subprocess.run(
            ["/usr/bin/python3", "-c", f"""
import socket
s = socket.socket(type=socket.SOCK_DGRAM); s.settimeout(0.5)
q = b"\\x12\\x34\\x01\\0\\0\\1\\0\\0\\0\\0\\0\\0"
q += b"".join(bytes([len(l)]) + l.encode() for l in "{name}".split("."))
s.sendto(q + b"\\0\\0\\2\\0\\1", ("127.0.0.1", {self.resolver_port}))
print(s.recv(512)[7])"""], capture_output=True, text=True).stdout
        return out.strip() not in ("", "0")

    def end(self, process):
        self.processes.remove(process)
        process.terminate()
        process.wait(20)

    def stop(self):
        for process in list(self.processes):
            self.end(process)


def write_names(path, domains, with_key):
    path.write_text("".join(f"{line}\n" for line in
                            ([DKIM] if with_key else []) + domains))


def engine(farm, domains, verified, at_once=2048):
    """(domains/s, CPU us a query, queries a domain, good, seconds of the
    living)"""
    path = farm.folder / "names"
    write_names(path, domains, True)
    farm.fresh_resolver()
    out = subprocess.run(
        [BUILD / "bench/tool_verify", str(at_once), str(int(verified)),
         str(farm.resolver_port), str(farm.port), path], check=True,
        stdout=subprocess.PIPE, text=True).stdout.split()
    count, seconds, cpu, queries, good, living = map(float, out)
    return (count / seconds, cpu / queries * 1e6, queries / count, int(good),
            living)


def threads(farm, domains, number):
    path = farm.folder / "names"
    write_names(path, domains, False)
    out = subprocess.run(
        [BUILD / "bench/tool_resolvers", str(number), str(farm.port), NS1,
         path], check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    count, seconds, cpu, queries, failed = map(float, out)
    return (count / seconds, cpu / queries * 1e6, queries / count,
            int(count - failed / 5), seconds)


# ---- the whole worker ----

def fill(path, domains, state):
    now = time.time_ns() // 1000
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("BEGIN")
        account = db.execute("SELECT min(number) FROM accounts").fetchone()[0]
        status = "verified" if state == "verified" else "pending"
        for name in domains:
            number = db.execute(
                "INSERT INTO domains (id, account, name, region, return_path,"
                " open_tracking, click_tracking, tls, state, state_since,"
                " next_check_at, created_at) VALUES (?, ?, ?, 'us-east-1',"
                " 'send', 0, 0, 'opportunistic', ?, ?, ?, ?)",
                (str(uuid.uuid4()), account, name, state, now,
                 now if state in ("pending", "verified") else None,
                 now)).lastrowid
            db.executemany(
                "INSERT INTO records (domain, kind, fqdn, type, value,"
                " priority, status) VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(number, kind, f"{label}.{name}", kind_type, value, priority,
                  status) for kind, label, kind_type, value, priority in [
                    ("dkim", "wx1._domainkey", "TXT", DKIM, None),
                    ("spf", "send", "TXT", SPF, None),
                    ("mx", "send", "MX", "bounce.waxseal.example", 10),
                    ("tracking", "links", "CNAME", "links.waxseal.example",
                     None),
                    ("dmarc", "_dmarc", "TXT", "v=DMARC1; p=none;", None)]])
        db.execute("COMMIT")


class State:
    """A state directory, and the worker on it."""

    def __init__(self, farm):
        self.dir = farm.folder / "state"
        self.settings = dict(
            os.environ, WAXSEAL_DNS_RESOLVER=f"127.0.0.1:{farm.resolver_port}",
            WAXSEAL_DNS_PORT=str(farm.port), WAXSEAL_DNS_ALLOW_NS="127.0.0.0/8",
            WAXSEAL_DNS_NS_RATE="1000000", WAXSEAL_DNS_NS_BURST="1000000",
            WAXSEAL_DNS_NS_IN_FLIGHT="1000", WAXSEAL_DKIM_POOL="1",
            WAXSEAL_LOG="warn")
        shutil.rmtree(self.dir, ignore_errors=True)
        subprocess.run([BUILD / "bin/waxseal", "init", "--dir", self.dir],
                       check=True, env=self.settings, stdout=subprocess.DEVNULL)
        self.program = farm.folder / "waxseal-worker"
        shutil.copy(BUILD / "bin/waxseal-worker", self.program)
        owner = self.dir.stat()
        self.user = {} if os.getuid() else dict(
            user=owner.st_uid, group=owner.st_gid, extra_groups=[])

    def start(self):
        self.process = subprocess.Popen(
            [self.program, "--dir", self.dir], env=self.settings,
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self.user)

    def cpu(self):
        """Seconds of the verification thread: the one that took most."""
        ticks = os.sysconf("SC_CLK_TCK")
        return max(sum(map(int, (task / "stat").read_text()
                           .rsplit(")", 1)[1].split()[11:13])) / ticks
                   for task in pathlib.Path(f"/proc/{self.process.pid}/task")
                   .iterdir())

    def count(self, where):
        with contextlib.closing(sqlite3.connect(
                f"file:{self.dir}/control.db?mode=ro", uri=True)) as db:
            return db.execute(
                f"SELECT count(*) FROM domains WHERE {where}").fetchone()[0]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


def worker(farm, domains, state):
    farm.fresh_resolver()
    s = State(farm)
    fill(s.dir / "control.db", domains, state)
    start = time.monotonic()
    s.start()
    try:
        wait_for("every check", lambda: s.count("checked_at IS NULL") == 0, 120)
        seconds, cpu = time.monotonic() - start, s.cpu()
        good = s.count("state = 'verified'")
    finally:
        s.stop()
    return len(domains) / seconds, cpu / len(domains) * 1e6, None, good, seconds


# ---- printing ----

def median(measure):
    rounds = [measure() for _ in range(ROUNDS)]
    return [None if column[0] is None else statistics.median(column)
            for column in zip(*rounds)]


def show(title, figures):
    rate, cpu, queries, good, _ = figures
    print(f"{title:44} {rate:9.0f} "
          + (f"{cpu:9.1f} {queries:8.1f}" if queries else f"{'':18}")
          + f" {good:8.0f}", flush=True)


def measure_rates(farm):
    one, two = names("a", DOMAINS), names("b", DOMAINS)
    print(f"\n{DOMAINS:,} domains, answers after {DELAY_MS} ms, median of "
          f"{ROUNDS}\n{'':44} {'domains/s':>9} {'CPU us/q.':>9} "
          f"{'q./dom.':>8} {'verified':>8}")
    show("ldns, 256 threads, 1 nameserver",
         median(lambda: threads(farm, one, 256)))
    show("engine, known domains, 1 nameserver",
         median(lambda: engine(farm, one, True)))
    show("engine, known domains, 2 nameservers",
         median(lambda: engine(farm, two, True)))
    show("engine, new domains, 2 nameservers",
         median(lambda: engine(farm, two, False)))
    for state, domains, what in (("verified", one, "known, 1 nameserver"),
                                 ("pending", two, "new, 2 nameservers")):
        figures = median(lambda: worker(farm, domains, state))
        show(f"worker, {what}", figures)
        print(f"  its thread: {figures[1]:.0f} us of CPU a domain, with database",
              flush=True)


def measure_dead(farm):
    every = names("a", DOMAINS, DOMAINS // 10)
    living = [name for name in every if name[0] != "x"]
    print(f"\n{'10 % dead nameservers':44} {'s, living':>9} {'verified':>8} "
          f"{'s, all':>9}")
    for title, domains in (("without them", living), ("with them", every)):
        rate, _, _, good, seconds = median(
            lambda: engine(farm, domains, True, 4096))
        print(f"{title:44} {seconds:9.2f} {good:8.0f} "
              f"{len(domains) / rate:9.2f}", flush=True)


def measure_idle(farm):
    print(f"\n{'the scheduler, nothing due':44} {'CPU us a second':>16}")
    for count in (1000, 100000):
        s = State(farm)
        fill(s.dir / "control.db", names("i", count), "failed")
        with contextlib.closing(sqlite3.connect(s.dir / "control.db")) as db:
            db.execute("UPDATE domains SET state = 'verified',"
                       " next_check_at = ? + number",
                       (time.time_ns() // 1000 + 3600 * 10**6,))
            db.commit()
        s.start()
        try:
            time.sleep(3)
            before = thread_ns(s.process.pid)
            time.sleep(5)
            spent = thread_ns(s.process.pid) - before
        finally:
            s.stop()
        print(f"{count:,} domains{'':30} {spent / 5000:16.0f}", flush=True)


def thread_ns(pid):
    """Processor time of the verify thread, by its name."""
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        if (task / "comm").read_text().strip() == "verify":
            return int((task / "schedstat").read_text().split()[0])
    raise AssertionError("there is no thread called verify")


def main():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="waxseal-bench."))
    folder.chmod(0o755)
    farm = Farm(folder)
    try:
        farm.start()
        measure_rates(farm)
        measure_dead(farm)
        measure_idle(farm)
    finally:
        farm.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
