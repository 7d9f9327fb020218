"""A state directory with the real worker on it, for tests of the lookup table:
control.db is changed by hand, the table is compared with it."""
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time

from edge import BUILD, SANITIZED, USER, compile_tool


class TableState:
    """Programs in folder/bin, the state in folder/state."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="waxseal-table."))
        self.folder.chmod(0o755)
        self.state = self.folder / "state"
        self.table = self.state / "table.wxt"
        self.worker = None
        self.next_link = 1
        (self.folder / "bin").mkdir()
        for name in ("waxseal", "waxseal-worker"):
            shutil.copy(BUILD / "bin" / name, self.folder / "bin")
        self.run("waxseal", "init", check=True)

    def command(self, program, *arguments):
        return [str(self.folder / "bin" / program), *arguments,
                "--dir", str(self.state)]

    def run(self, program, *arguments, check=False):
        return subprocess.run(self.command(program, *arguments), check=check,
                              text=True, capture_output=True, timeout=60)

    # control.db

    def control(self):
        control = sqlite3.connect(self.state / "control.db", timeout=30,
                                  isolation_level=None)
        control.execute("PRAGMA synchronous = OFF")
        return control

    def sql(self, text, *values):
        control = self.control()
        try:
            return control.execute(text, values).fetchall()
        finally:
            control.close()

    def add_domains(self, count):
        """Domains 1 to count, each with a tracking host that is served."""
        control = self.control()
        control.execute("BEGIN")
        control.execute("INSERT OR IGNORE INTO accounts (number, id, name, created_at) VALUES (1,'a','a',1)")
        for number in range(1, count + 1):
            control.execute(
                "INSERT INTO domains (number, id, account, name, region, "
                "return_path, open_tracking, click_tracking, tls, state, "
                "state_since, created_at) VALUES (?, ?, 1, ?, 'us-east-1', "
                "'send', 1, 1, 'opportunistic', 'verified', 1, 1)",
                (number, f"00000000-0000-4000-8000-{number:012}",
                 f"d{number}.example"))
            control.execute(
                "INSERT INTO tracking_hosts (domain, label, host, created_at) "
                "VALUES (?, 'links', ?, 1)",
                (number, f"links.d{number}.example"))
        control.execute("UPDATE tracking_hosts SET verified_at = 10")
        control.execute("COMMIT")
        control.close()

    def add_links(self, count, domain=1):
        """Ids of new links, each with a destination of its own."""
        ids = range(self.next_link, self.next_link + count)
        self.next_link += count
        control = self.control()
        control.execute("BEGIN")
        control.executemany("INSERT INTO links VALUES (?, ?, ?, NULL, 1)",
                            ((i, domain, self.url(i)) for i in ids))
        control.execute("COMMIT")
        control.close()
        return ids

    @staticmethod
    def url(link):
        return f"https://example.com/{link}/{'x' * (link % 40)}"

    def newest(self):
        (number,), = self.sql("SELECT seq FROM sqlite_sequence "
                              "WHERE name = 'changes'")
        return number

    # the worker

    def start_worker(self):
        environment = dict(os.environ, WAXSEAL_DKIM_POOL="1")
        with open(self.folder / "worker.log", "ab") as log:
            self.worker = subprocess.Popen(
                self.command("waxseal-worker"), stderr=log, stdout=log,
                env=environment, **USER)

    def kill_worker(self):
        self.worker.kill()
        assert self.worker.wait(10) == -signal.SIGKILL, self.log()

    def stop_worker(self):
        self.worker.terminate()
        assert self.worker.wait(20) == 0, self.log()

    def log(self):
        return (self.folder / "worker.log").read_text(errors="replace")

    def wait(self, condition, limit=20):
        deadline = time.monotonic() + limit
        while not condition():
            assert self.worker is None or self.worker.poll() is None, \
                self.log()[-4000:]
            assert time.monotonic() < deadline, "waited in vain\n" + \
                self.log()[-4000:]
            time.sleep(0.02)

    def await_applied(self, limit=40):
        self.wait(lambda: self.applied() == self.newest(), limit)

    def applied(self):
        try:
            with open(self.table, "rb") as table:
                header = table.read(4096)
        except FileNotFoundError:
            return -1
        return int.from_bytes(header[160:168], "little")

    # the table

    def dump(self):
        result = subprocess.run(
            [compile_tool("tool_table"), "dump", self.table], text=True,
            capture_output=True, timeout=60)
        assert result.returncode == 0, result.stderr
        return sorted(result.stdout.splitlines())

    def hosts(self):
        """{name: [[number, id, secret, flags, keys]...]} of the table"""
        hosts = {}
        for line in self.dump():
            kind, name, *words = line.split()
            if kind == "host":
                hosts[name] = [words[i:i + 5] for i in range(0, len(words), 5)]
        return hosts

    def compare(self):
        """Every entry of the table is as control.db has it, and no other is
        there."""
        links = [f"link {i} {domain} {1 if killed else 0} {url}"
                 for i, domain, url, killed in self.sql(
                     "SELECT id, domain, url, killed_at FROM links")]
        hosts = {}
        for host, number, opens, clicks, deleted, killed, tls, keys in self.sql(
                "SELECT host, d.number, open_tracking, click_tracking, "
                "deleted_at, killed_at, tls, valid_keys FROM tracking_hosts t "
                "JOIN domains d ON d.number = t.domain JOIN link_secrets s "
                "ON s.domain = d.number WHERE verified_at IS NOT NULL "
                "ORDER BY verified_at DESC, t.number DESC"):
            flags = (opens and 1) | (clicks and 2) | (4 if killed else 0) \
                | (8 if deleted else 0) | (16 if tls == "enforced" else 0)
            valid = [k for k in range(256) if keys[k // 8] >> k % 8 & 1]
            hosts.setdefault(host, []).append(
                [str(number), str(flags), ",".join(map(str, valid)) or "-"])
        found = [line for line in self.dump() if line.startswith("link ")]
        assert found == sorted(links), set(found) ^ set(links)
        served = {name: [[d[0], d[3], d[4]] for d in domains]
                  for name, domains in self.hosts().items()}
        assert served == hosts, (served, hosts)
        return len(links) + len(hosts)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if self.worker is not None and self.worker.poll() is None:
            self.worker.kill()
            self.worker.wait(10)
        if SANITIZED and kind is None:
            assert "Sanitizer" not in self.log(), self.log()
        shutil.rmtree(self.folder)
