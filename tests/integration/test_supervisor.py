"""`waxseal run` keeps its programs alive, and leaves nothing behind."""
import contextlib
import hashlib
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
import time

from stack import Stack, alive, request, run_tests, temporary_folder, wait_for

PROGRAMS = ["waxseal-domains", "waxseal-tracking", "waxseal-events",
            "waxseal-worker"]
RESTART = 1.5  # seconds: "within a second", and a slow machine's share


class Callers:
    """Clients that call without a pause; notes what they got."""

    def __init__(self, stack, paths):
        self.stack, self.paths = stack, paths
        self.answers, self.running = [], True
        self.threads = [threading.Thread(target=self.call, args=(path,))
                        for path in paths]

    def call(self, path):
        headers = {"Authorization": f"Bearer {self.stack.key}"}
        while self.running:
            try:
                status = request(self.stack.api, "GET", path,
                                 headers=headers).status
            except OSError as error:
                status = repr(error)
            self.answers.append((path, status))
            time.sleep(0.005)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.running = False
        for thread in self.threads:
            thread.join()

    def bad(self):
        return [answer for answer in self.answers if answer[1] != 200]


class Context:
    def __init__(self):
        self.folder = temporary_folder()
        self.stack = Stack(self.folder, {})
        self.waxseal = str(self.stack.programs / "bin/waxseal")

    def run(self, *arguments, environment=None):
        return subprocess.run(
            [self.waxseal, *arguments], stdin=subprocess.DEVNULL, timeout=30,
            env=dict(self.stack.environment(), **(environment or {})),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


    def log(self):
        return (self.stack.folder / "log").read_text(errors="replace")


def ready(c, count):
    return lambda: c.log().count("Waxseal is ready.") == count


def tells_where_everything_is(c):
    c.stack.start()
    wait_for("the ready line", ready(c, 1))
    log = c.log()
    assert f"http://127.0.0.1:{c.stack.api}\n" in log, log
    assert f"http://127.0.0.1:{c.stack.edge} " in log, log
    assert f"https://127.0.0.1:{c.stack.edge_tls}\n" in log, log
    assert f"State:     {c.stack.dir.resolve()}\n" in log, log
    assert re.search(rf"^API key: +{c.stack.key} ", log, re.M), log
    assert "waxseal.example" in log, "the default region names are warned of"
    assert oct((c.stack.dir / "api.key").stat().st_mode & 0o777) == "0o600"


def runs_nothing_as_root(c):
    for pid in c.stack.family():
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        for field in ("Uid", "Gid"):
            ids = re.search(rf"^{field}:\s+(.*)$", status, re.M)[1].split()
            assert len(set(ids)) == 1 and ids[0] != "0", (pid, field, ids)
        groups = re.search(r"^Groups:(.*)$", status, re.M)[1].split()
        assert os.geteuid() != 0 or "0" not in groups, groups
    assert c.stack.dir.stat().st_uid != 0


def refuses_a_second_run(c):
    result = c.run("run", "--dir", str(c.stack.dir))
    assert result.returncode == 1, result
    assert f"process {c.stack.process.pid}" in result.stdout, result.stdout
    assert c.stack.healthy()


def restarts_each_program(c):
    for name in PROGRAMS:
        with Callers(c.stack, ["/healthz", "/domains"]) as callers:
            time.sleep(0.2)
            for _ in range(2):
                old = c.stack.child(name)
                os.kill(old, signal.SIGKILL)
                start = time.monotonic()
                wait_for(f"a new {name}",
                         lambda: c.stack.child(name) not in (None, old),
                         RESTART)
                assert time.monotonic() - start < RESTART
                time.sleep(0.3)
        assert not callers.bad(), (name, callers.bad())
        assert len(callers.answers) > 20
        assert f'"child":"{name}"' in c.log()


def backs_off_from_a_program_that_cannot_start(c):
    program = c.stack.programs / "bin/waxseal-worker"
    kept = program.with_suffix(".kept")
    program.rename(kept)
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)

    def deaths():
        return c.log().count('"exit_code":"3"')

    os.kill(c.stack.child("waxseal-worker"), signal.SIGKILL)
    time.sleep(4)
    assert 3 <= deaths() <= 12, deaths()
    kept.replace(program)
    wait_for("the worker", lambda: c.stack.child("waxseal-worker"), RESTART)
    before = deaths()
    time.sleep(1.2)
    assert deaths() == before and c.stack.child("waxseal-worker")


def survives_a_dead_nginx_worker(c):
    for old in c.stack.nginx_workers():
        os.kill(old, signal.SIGKILL)
    wait_for("the API", c.stack.healthy, RESTART)


def replaces_a_dead_nginx_master(c):
    for _ in range(3):
        master, workers = c.stack.child("nginx"), c.stack.nginx_workers()
        assert master and workers
        # a request under way keeps a worker from ending by itself
        with socket.create_connection(("127.0.0.1", c.stack.api)) as busy:
            busy.sendall(b"POST /domains HTTP/1.1\r\nHost: x\r\n"
                         b"Content-Length: 100\r\n\r\n{")
            time.sleep(0.1)
            os.kill(master, signal.SIGKILL)
            start = time.monotonic()
            # orphans are children of the supervisor, too
            wait_for("a new nginx", lambda: c.stack.child("nginx")
                     not in (None, master, *workers) and c.stack.healthy(),
                     RESTART)
            assert time.monotonic() - start < RESTART
        assert not [pid for pid in workers if alive(pid)], "orphans serve on"
    assert "still could not bind" not in c.log()


def protocol_seen(c, forwarded, cloudfront=""):
    """What the tracking hosts' nginx makes of a forwarded protocol."""
    answer = request(c.stack.edge, "GET", "/favicon.ico", None,
                     {"Host": "links.us-east-1.waxseal.example",
                      "X-Forwarded-Proto": forwarded,
                      "CloudFront-Forwarded-Proto": cloudfront})
    assert answer.status == 200
    return answer.headers["X-Waxseal-Request-Protocol"]


def takes_over_settings_at_hup(c):
    conf, made = c.stack.dir / "waxseal.conf", c.stack.dir / "run/nginx.conf"
    text = conf.read_text()
    master, workers = c.stack.child("nginx"), c.stack.nginx_workers()
    programs = [c.stack.child(name) for name in PROGRAMS]
    assert protocol_seen(c, "https") == "http"
    conf.write_text(text + "\n[edge]\n"
                    "trusted_proxies = 192.0.2.0/24 ::1 127.0.0.0/8\n")
    with Callers(c.stack, ["/healthz", "/domains"]) as callers:
        time.sleep(0.1)
        c.stack.process.send_signal(signal.SIGHUP)
        wait_for("new workers",
                 lambda: not set(workers) & set(c.stack.nginx_workers()))
        wait_for("new programs",
                 lambda: all(c.stack.child(name) not in (None, old)
                             for name, old in zip(PROGRAMS, programs)))
        time.sleep(0.3)
    assert not callers.bad(), callers.bad()
    assert c.stack.child("nginx") == master
    assert "set_real_ip_from 192.0.2.0/24;" in made.read_text()
    assert "        ::1/128 1;" in made.read_text()
    assert protocol_seen(c, "https") == "https"
    assert protocol_seen(c, "http") == "http"
    assert protocol_seen(c, "", "https") == "https"
    conf.write_text(text)


def keeps_its_settings_when_new_ones_are_wrong(c):
    conf = c.stack.dir / "waxseal.conf"
    text = conf.read_text()
    conf.write_text("[edge]\nlistn = 127.0.0.1:1\n")
    programs = [c.stack.child(name) for name in PROGRAMS]
    c.stack.process.send_signal(signal.SIGHUP)
    wait_for("the complaint",
             lambda: "the new settings cannot be used" in c.log())
    time.sleep(0.3)
    assert [c.stack.child(name) for name in PROGRAMS] == programs
    assert c.stack.healthy()
    conf.write_text(text)


def ends_clean_at_term(c):
    with socket.create_connection(("127.0.0.1", c.stack.api)) as idle:
        idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        idle.recv(1000)
        start = time.monotonic()
        assert c.stack.stop() == 0  # sees to it that no process is left
        assert time.monotonic() - start < 5
    for port in (c.stack.api, c.stack.edge, c.stack.edge_tls):
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port)).close()
            raise AssertionError(f"port {port} is still open")


def a_second_signal_hurries(c):
    c.stack.start()
    family = c.stack.family()
    with socket.create_connection(("127.0.0.1", c.stack.api)) as busy:
        busy.sendall(b"POST /domains HTTP/1.1\r\nHost: x\r\n"
                     b"Content-Length: 100\r\n\r\n{")
        time.sleep(0.1)
        # as a terminal's Ctrl-C does: to the whole foreground group
        os.killpg(c.stack.process.pid, signal.SIGINT)
        time.sleep(0.5)
        assert c.stack.process.poll() is None, "it waits for the request"
        assert c.stack.child("waxseal-domains"), "and so do the programs"
        start = time.monotonic()
        os.killpg(c.stack.process.pid, signal.SIGINT)
        assert c.stack.process.wait(5) == 0
        assert time.monotonic() - start < 2.5
    assert not [pid for pid in family if alive(pid)]


def keeps_its_key_over_a_restart(c):
    key, ready_before = c.stack.key, c.log().count("Waxseal is ready.")
    c.stack.start()
    wait_for("the ready line", ready(c, ready_before + 1))
    assert c.stack.key == key
    assert c.log().count(key) == 1, "printed on the first start only"
    assert c.stack.call("GET", "/domains").status == 200


def leaves_nothing_when_killed(c):
    for _ in range(2):
        family = c.stack.family()
        assert len(family) >= 7, family
        c.stack.process.kill()
        c.stack.process.wait()
        wait_for("every process to end",
                 lambda: not [pid for pid in family if alive(pid)], 5)
        c.stack.start()
    assert c.stack.stop() == 0


def tells_of_a_port_in_use(c):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        result = c.run("run", "--dir", str(c.stack.dir),
                       environment={"WAXSEAL_EDGE_LISTEN": address})
    assert result.returncode == 1, result
    assert f"{address} is in use" in result.stdout, result.stdout
    assert "edge.listen" in result.stdout, result.stdout
    result = c.run("run", "--dir", str(c.stack.dir), environment={
        "WAXSEAL_EDGE_LISTEN": f"127.0.0.1:{c.stack.api}"})
    assert result.returncode == 1, result
    assert "api.listen and edge.listen" in result.stdout, result.stdout


def tells_of_a_path_that_is_too_long(c):
    long = pathlib.Path(c.folder) / ("d" * 80)
    result = c.run("run", "--dir", str(long))
    assert result.returncode == 1, result
    assert "shorter state directory" in result.stdout, result.stdout


def does_not_give_other_folders_away(c):
    if os.geteuid() != 0:
        return
    other = pathlib.Path(c.folder) / "other"
    other.mkdir()
    (other / "passwd").write_text("root\n")
    result = c.run("run", "--dir", str(other))
    assert result.returncode == 1, result
    assert "not a state directory" in result.stdout, result.stdout
    assert (other / "passwd").stat().st_uid == 0
    target = pathlib.Path(c.folder) / "target"
    target.write_text("root's\n")
    mine = pathlib.Path(c.folder) / "mine"
    mine.mkdir()
    (mine / "waxseal.conf").write_text("")
    (mine / "link").symlink_to(target)
    os.link(target, mine / "second-name")
    result = c.run("init", "--dir", str(mine))
    assert result.returncode == 0, result
    assert (mine / "waxseal.conf").stat().st_uid != 0
    assert target.stat().st_uid == 0


def init_survives_being_killed(c):
    random.seed(5)
    state = pathlib.Path(c.folder) / "killed"
    for _ in range(60):
        process = subprocess.Popen(
            [c.waxseal, "init", "--dir", str(state)],
            env=c.stack.environment(), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        time.sleep(random.uniform(0, 0.04))
        process.kill()
        if process.wait() == 0:
            shutil.rmtree(state)
    for _ in range(2):
        result = c.run("init", "--dir", str(state))
        assert result.returncode == 0, result
        with contextlib.closing(sqlite3.connect(
                f"file:{state}/control.db?mode=ro", uri=True)) as control:
            accounts = control.execute("SELECT name FROM accounts").fetchall()
            hashes = control.execute("SELECT hash FROM api_keys").fetchall()
            instance = control.execute("SELECT selector FROM instance"
                                       ).fetchall()
        key = (state / "api.key").read_text().strip()
        assert accounts == [("default",)]
        assert hashes == [(hashlib.sha256(key.encode()).digest(),)]
        assert re.fullmatch("wx[0-9a-f]{4}", instance[0][0])
        for name in ("master.key", "link.key"):
            assert (state / name).stat().st_size == 32
        # raises unless the key fits the certificate
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
            state / "fallback.pem", state / "fallback.key")


TESTS = [
    tells_where_everything_is, runs_nothing_as_root, refuses_a_second_run,
    restarts_each_program, backs_off_from_a_program_that_cannot_start,
    survives_a_dead_nginx_worker, replaces_a_dead_nginx_master,
    takes_over_settings_at_hup, keeps_its_settings_when_new_ones_are_wrong,
    ends_clean_at_term, a_second_signal_hurries, keeps_its_key_over_a_restart,
    leaves_nothing_when_killed, tells_of_a_port_in_use,
    tells_of_a_path_that_is_too_long, does_not_give_other_folders_away,
    init_survives_being_killed,
]


def main():
    context = Context()
    try:
        passed, failed = run_tests(TESTS, context)
        if failed:
            print(context.stack.log())
    finally:
        if context.stack.process and context.stack.process.poll() is None:
            context.stack.stop()
        shutil.rmtree(context.folder, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
