#!/usr/bin/python3
"""What was answered is recorded, once, whatever is killed or breaks: under
load, processes die, nginx is reloaded and upgraded, disks are full, the journal
is unwritable or damaged. DURABILITY_ROUNDS (20) says how often each happens."""
import concurrent.futures
import contextlib
import fcntl
import os
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback

from edge import NGINX, ROOT, USER, Domain, Edge, compile_tool, mint
from event_files import Events
from stack import (BUILD, Nsd, Stack, alive, children, request,
                   temporary_folder, wait_for, zone_records)

ROUNDS = int(os.environ.get("DURABILITY_ROUNDS", "20"))
HOST = "links.acme.example"
PAGE = 4096


class Skipped(Exception):
    pass


# ---- load, and what has to come of it ----

class Load:
    """tool_load while the block runs; then what became of the requests."""

    def __init__(self, port, links, tag, connections=8, pause=8, host=HOST):
        self.ledger = tempfile.TemporaryFile("w+")
        self.command = [compile_tool("tool_load"), str(port), host,
                        str(connections), str(pause), tag]
        self.input = "".join(f"{path} {url}\n" for path, url in links)
        self.tag = tag
        self.answered, self.unanswered, self.wrong = set(), set(), []
        self.refused = 0

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE,
                                        stdout=self.ledger, text=True)
        self.process.stdin.write(self.input)
        self.process.stdin.close()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            code = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        assert code == 0, code
        self.ledger.seek(0)
        for line in self.ledger:
            word, rest = line.rstrip("\n").split(" ", 1)
            if word == "answered":
                self.answered.add(rest)
            elif word == "unanswered":
                self.unanswered.add(rest)
            elif word == "wrong":
                self.wrong.append(rest)
            else:
                self.refused = int(rest)
        self.ledger.close()


def some(names):
    return len(names), sorted(names)[:5]


def check_all_recorded(load, events, may_break, may_refuse=False):
    """may_break: requests may be recorded and yet unanswered."""
    assert not load.wrong, load.wrong[:5]
    assert len(load.answered) > 500, len(load.answered)
    assert may_refuse or load.refused == 0, load.refused
    with contextlib.suppress(AssertionError):
        wait_for("the events", lambda: load.answered <= set(
            events.of(load.tag)), 20)
    rows = events.of(load.tag)
    missing = load.answered - set(rows)
    assert not missing, ("answered and not recorded", some(missing))
    twice = {agent for agent, count in rows.items() if count != 1}
    assert not twice, ("recorded twice", some(twice))
    more = set(rows) - load.answered
    assert more <= load.unanswered, ("invented", some(more - load.unanswered))
    assert may_break or not more, ("recorded, not answered", some(more))
    assert events.lost() == 0, events.lost()


# ---- the whole stack ----

class Whole:
    def __init__(self):
        self.folder = temporary_folder()
        self.nsd = Nsd(self.folder + "/nsd")
        self.stack = Stack(self.folder, {
            **self.nsd.settings(),
            "WAXSEAL_VERIFY_MIN_INTERVAL": "500ms",
            "WAXSEAL_VERIFY_MAX_INTERVAL": "1s",
            "WAXSEAL_EVENTS_HOLD": "200ms",
            "WAXSEAL_EVENTS_PARTITION": "3s",
        })
        self.events = Events(self.stack.dir)
        self.loads = []
        self.links = []

    def start(self):
        self.nsd.start({"acme.example": ""})
        self.stack.start()
        domain = self.stack.call("POST", "/domains", {
            "name": "acme.example", "tracking_subdomain": "links",
            "open_tracking": True, "click_tracking": True}).json()
        self.nsd.start({
            "acme.example": zone_records(domain),
            "waxseal.example": "links.us-east-1 A 127.0.0.1\n"
                               "bounce.us-east-1 A 127.0.0.1\n"
                               '_spf.us-east-1 TXT "v=spf1 -all"'})
        path = f"/domains/{domain['id']}"
        self.stack.call("POST", path + "/verify")
        wait_for("the domain to be verified", lambda: all(
            record["status"] == "verified" for record in
            self.stack.call("GET", path).json()["records"]), 30)
        for links in ("signed", "table"):
            self.take_links(links)
        wait_for("the table links", lambda: all(
            request(self.stack.edge, "GET", path, None,
                    {"Host": HOST}).status in (200, 302)
            for path, _ in self.links), 5)
        return self

    def take_links(self, kind):
        url = "https://www.example.org/landing?campaign=spring&n="
        html = "".join(f'<a href="{url}{kind}{n}">x</a>' for n in range(3))
        message = self.stack.call("POST", "/messages", {
            "domain": "acme.example", "html": f"<body>{html}</body>",
            "tracking": {"opens": True, "clicks": True, "mode": "full",
                         "links": kind}}).json()
        start = f"http://{HOST}"
        for link in message["links"]:
            assert link["href"].startswith(start), link
            self.links.append((link["href"][len(start):], link["url"]))
        pixel = message["html"].split(f'src="{start}', 1)[1].split('"')[0]
        self.links.append((pixel, "-"))

    def stop(self):
        with contextlib.suppress(AttributeError):
            self.stack.stop()
        self.nsd.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def load(self, tag):
        self.loads.append(Load(self.stack.edge, self.links, tag))
        return self.loads[-1]

    def master(self):
        return self.stack.child("nginx")

    def new_workers(self, old):
        """Waits for nginx to have workers and none of the old ones."""
        wait_for("new workers", lambda: (lambda now: now and not
                 set(now) & set(old))(self.stack.nginx_workers()), 20)

    def end_nginx(self, number):
        self.kill_and_wait("nginx", number)
        wait_for("workers", self.stack.nginx_workers)

    def kill_and_wait(self, name, number=signal.SIGKILL):
        pid = self.stack.child(name)
        os.kill(pid, number)
        wait_for(f"a new {name}",
                 lambda: self.stack.child(name) not in (None, pid), 20)

    def metric(self, name):
        text = request(self.stack.api, "GET", "/metrics").body.decode()
        for line in text.splitlines():
            if line.startswith(name + " "):
                return int(line.split()[1])
        return None


def pause():
    time.sleep(random.uniform(0.01, 0.15))


def a_worker_of_nginx_is_killed(w):
    with w.load("worker") as load:
        for _ in range(ROUNDS):
            victim = random.choice(wait_for("workers", w.stack.nginx_workers))
            os.kill(victim, signal.SIGKILL)
            w.new_workers([victim])
            pause()
    check_all_recorded(load, w.events, may_break=True)
    assert w.metric("waxseal_events_dropped_total") == 0


def nginx_is_reloaded(w):
    with w.load("reload") as load:
        for _ in range(ROUNDS):
            old = w.stack.nginx_workers()
            os.kill(w.master(), signal.SIGHUP)
            w.new_workers(old)
            pause()
    check_all_recorded(load, w.events, may_break=False)
    assert w.metric("waxseal_events_dropped_total") == 0


def the_collector_is_killed(w):
    with w.load("collector") as load:
        for _ in range(ROUNDS):
            w.kill_and_wait("waxseal-worker")
            pause()
    check_all_recorded(load, w.events, may_break=False)
    wait_for("the lag to be gone",
             lambda: w.metric("waxseal_journal_lag_bytes") == 0)
    assert w.metric("waxseal_journal_lag_seconds") == 0


def the_master_of_nginx_is_killed(w):
    with w.load("master") as load:
        for _ in range(ROUNDS):
            w.end_nginx(signal.SIGKILL)
            pause()
    check_all_recorded(load, w.events, may_break=True)


def nginx_is_replaced(w):
    """As an operator does it who has installed a new one."""
    with w.load("replaced") as load:
        for _ in range(ROUNDS):
            w.end_nginx(signal.SIGQUIT)
            pause()
    check_all_recorded(load, w.events, may_break=False)


def all_are_killed_at_once(w):
    with w.load("all") as load:
        for turn in range(ROUNDS):
            family = w.stack.family()
            if turn % 4 != 3:  # else the supervisor, too
                family = family[1:]
            random.shuffle(family)
            for pid in family:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            wait_for("them to die",
                     lambda: not [pid for pid in family if alive(pid)])
            if turn % 4 == 3:
                w.stack.process.wait()
                w.stack.start()
            wait_for("the stack", lambda: w.master() is not None
                     and w.stack.healthy())
            pause()
    check_all_recorded(load, w.events, may_break=True, may_refuse=True)


def workers_that_are_left_are_no_obstacle(w):
    """The supervisor and the master of nginx are killed, its workers not."""
    with w.load("left") as load:
        for _ in range(ROUNDS // 4):
            workers = wait_for("workers", w.stack.nginx_workers)
            w.stack.process.send_signal(signal.SIGSTOP)  # it cannot interfere
            os.kill(w.master(), signal.SIGKILL)
            w.stack.process.kill()
            w.stack.process.wait()
            assert [pid for pid in workers if alive(pid)]
            w.stack.start()
            wait_for("the former workers to end", lambda: not [
                pid for pid in workers if alive(pid)], 5)
    check_all_recorded(load, w.events, may_break=True, may_refuse=True)


def nginx_serves_alone(w):
    """Started by hand, with the table that is there and no other program."""
    assert w.stack.stop() == 0
    owner = w.stack.dir.stat()
    user = dict(user=owner.st_uid, group=owner.st_gid,
                extra_groups=[]) if ROOT else {}
    for turn in range(3):
        with open(w.stack.folder / "log", "ab") as log:
            nginx = subprocess.Popen(
                [NGINX, "-e", "stderr", "-c",
                 str(w.stack.dir / "run/nginx.conf")], stdout=log, stderr=log,
                env=w.stack.environment(), **user)
        try:
            wait_for("nginx to listen", lambda: listens(w.stack.edge))
            with w.load(f"alone{turn}") as load:
                time.sleep(0.7)
        finally:
            nginx.send_signal(signal.SIGQUIT)
            nginx.wait(20)
        assert not load.unanswered and not load.wrong, load.wrong[:5]
        w.alone.append(load)
    w.stack.start()
    for load in w.alone:
        check_all_recorded(load, w.events, may_break=False)


def counts_agree_with_events(w):
    """After all that died: what is counted is what was answered, once."""
    wait_for("the events to be counted", w.events.are_counted)
    assert len(w.events.parts()) > 3, w.events.parts()
    stored = w.events.check_counts()
    answered = sum(len(load.answered) for load in w.loads)
    unanswered = sum(len(load.unanswered) for load in w.loads)
    assert answered <= stored <= answered + unanswered, (
        answered, stored, unanswered)


def listens(port):
    with contextlib.suppress(OSError):
        return request(port, "GET", "/").status == 404
    return False


def the_stack_starts(w):
    w.start()
    for kind in ("click", "open"):
        text = request(w.stack.api, "GET", "/metrics").body.decode()
        assert f'waxseal_requests_total{{event="{kind}",result="ok"}}' in text


def the_whole_stack(report):
    w = Whole()
    w.alone = []
    tests = [a_worker_of_nginx_is_killed, nginx_is_reloaded,
             the_collector_is_killed, the_master_of_nginx_is_killed,
             nginx_is_replaced, all_are_killed_at_once,
             workers_that_are_left_are_no_obstacle, nginx_serves_alone,
             counts_agree_with_events]
    try:
        report(the_stack_starts, w)
        for test in tests:
            report(test, w)
        if report.failed:
            print(w.stack.log(), flush=True)
    finally:
        w.stop()


# ---- nginx and a collector, on a journal that fails ----

ONE = Domain(301)
URL = "https://example.com/landing?n="


class Rig:
    """An nginx with two workers, and a collector, on a state directory."""

    def __init__(self, name, prepare=lambda state: None, segment="16k",
                 edge_class=Edge):
        self.tag = name
        self.edge = edge_class(journal=f"state/journal segment={segment}",
                               workers=2,
                               expected_alerts=["exited on signal 9"])
        self.edge.make_table([f"host {HOST} {ONE.words()}"])
        self.state = self.edge.folder / "state"
        self.journal = self.state / "journal"
        self.links = [(mint(ONE, url=URL + str(n), index=n), URL + str(n))
                      for n in range(3)] + [(mint(ONE, "o"), "-")]
        self.programs = self.edge.folder / "bin"
        shutil.copytree(BUILD / "bin", self.programs)
        self.state.mkdir()
        prepare(self.state)
        own(self.state)
        subprocess.run([self.programs / "waxseal", "init", "--dir",
                        self.state], check=True, capture_output=True,
                       env=self.environment(), **USER)
        self.journal.mkdir(exist_ok=True)
        own(self.journal)
        self.events = Events(self.state)
        self.collector = None

    def keep_collector(self):
        """Starts it again if a fault has ended it, as `waxseal run` does."""
        if self.collector is not None and self.collector.poll() is not None:
            self.start_collector()

    def environment(self):
        return self.edge.environment()

    def start_collector(self):
        with open(self.edge.folder / "collector.log", "ab") as log:
            self.collector = subprocess.Popen(
                [self.programs / "waxseal-worker", "--dir", self.state],
                stdout=log, stderr=log, env=self.environment(), **USER)

    def stop_collector(self, number=signal.SIGTERM):
        if self.collector is not None:
            self.collector.send_signal(number)
            self.collector.wait(30)
            self.collector = None

    def collector_log(self):
        return (self.edge.folder / "collector.log").read_text()

    def load(self):
        return Load(self.edge.port, self.links, self.tag, connections=8,
                    pause=50)

    def dropped(self):
        return self.edge.metrics()["waxseal_events_dropped_total"]

    def recorded(self):
        return self.edge.metrics()["waxseal_events_recorded_total"]

    def shares(self, what):
        """Events recorded or dropped, by the worker's slot."""
        start = f"waxseal_worker_events_{what}_total{{"
        return {name: value for name, value in self.edge.metrics().items()
                if name.startswith(start)}


def own(path):
    if ROOT:
        shutil.chown(path, "www-data", "www-data")


def check_drops(rig, load):
    """Recorded once, or dropped and counted."""
    metrics = rig.edge.metrics()
    recorded = metrics["waxseal_events_recorded_total"]
    dropped = metrics["waxseal_events_dropped_total"]
    assert not load.wrong and not load.unanswered and load.refused == 0, (
        load.wrong[:5], some(load.unanswered), load.refused)
    wait_for("all events", lambda: rig.keep_collector() or sum(
        rig.events.of(load.tag).values()) >= recorded, 60)
    rows = rig.events.of(load.tag)
    twice = {agent for agent, count in rows.items() if count != 1}
    assert not twice, ("recorded twice", some(twice))
    assert set(rows) <= load.answered, some(set(rows) - load.answered)
    missing = len(load.answered) - len(rows)
    assert missing == dropped > 0, (missing, dropped)
    assert rig.events.lost() == dropped, (rig.events.lost(), dropped)
    shares = rig.shares("dropped").values()
    assert len(shares) == 2 and sum(shares) == dropped, shares


def more(before, now):
    """Did every worker's value grow by some?"""
    return all(value > before[name] + 2 for name, value in now.items())


def fails_and_recovers(rig, fail, mend, clean=lambda: None):
    """Lets the journal fail and recover, under load, for each worker."""
    with rig.edge:
        rig.start_collector()
        try:
            with rig.load() as load:
                wait_for("events", lambda: rig.events.of(rig.tag))
                for _ in range(ROUNDS):
                    before = rig.shares("dropped")
                    fail()
                    wait_for("drops",
                             lambda: more(before, rig.shares("dropped")))
                    before = rig.shares("recorded")
                    mend()
                    wait_for("new events",
                             lambda: more(before, rig.shares("recorded")))
            check_drops(rig, load)
        except BaseException:
            print(rig.edge.log()[-2000:], rig.collector_log()[-3000:])
            raise
        finally:
            rig.stop_collector()
            clean()


def fill(folder):
    """Takes all the room there is."""
    filler = os.open(folder / "filler", os.O_CREAT | os.O_WRONLY, 0o600)
    size, step = 0, 8 << 20
    while step >= 1024:
        try:
            os.posix_fallocate(filler, size, step)
            size += step
        except OSError:
            step //= 2
    os.close(filler)


def mount_tmpfs(state):
    return mount(state, "-t", "tmpfs", "-o", "size=40m,mode=0755", "none")


def mount_ext4(state):
    image = state.with_name("image")
    with open(image, "wb") as file:
        file.truncate(40 << 20)
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", "-N", "512", image],
                   check=True, capture_output=True)
    return mount(state, "-o", "loop", str(image))


def mount(state, *arguments):
    result = subprocess.run(["mount", *arguments, str(state)],
                            capture_output=True, text=True)
    if result.returncode != 0:
        raise Skipped("cannot mount: " + result.stderr.strip())


def full_disk(name, mount_it):
    if not ROOT:
        raise Skipped("only root may mount")
    rig = Rig(name, mount_it)
    fails_and_recovers(
        rig, lambda: fill(rig.state), (rig.state / "filler").unlink,
        lambda: subprocess.run(["umount", "-l", rig.state], check=True))


def the_disk_is_full_tmpfs():
    full_disk("tmpfs", mount_tmpfs)


def the_disk_is_full_ext4():
    full_disk("ext4", mount_ext4)


def the_directory_is_unwritable():
    rig = Rig("unwritable")
    fails_and_recovers(rig, lambda: rig.journal.chmod(0o500),
                       lambda: rig.journal.chmod(0o770))


# ---- binary upgrade ----

class Daemon(Edge):
    """nginx as a service manager starts it: only as a daemon does it follow
    the signals of a binary upgrade."""

    def start(self):
        conf = self.folder / "nginx.conf"
        self.configure(conf.read_text().replace("daemon off", "daemon on"))
        subprocess.run(self.command(), check=True, timeout=20,
                       env=self.environment(), **USER)
        self.wait(lambda: self.pid() and listens(self.port))
        return self

    def pid(self):
        with contextlib.suppress(OSError, ValueError):
            pid = int((self.folder / "nginx.pid").read_text())
            return pid if alive(pid) and children(pid) else None
        return None

    def upgrade(self):
        old = self.pid()
        os.kill(old, signal.SIGUSR2)
        self.wait(lambda: self.pid() not in (None, old))
        new = self.pid()
        os.kill(old, signal.SIGWINCH)
        self.wait(lambda: [pid for pid, _ in children(old)] == [new])
        os.kill(old, signal.SIGQUIT)
        self.wait(lambda: not alive(old))

    def stop(self):
        for name in ("nginx.pid", "nginx.pid.oldbin"):
            with contextlib.suppress(OSError, ValueError):
                pid = int((self.folder / name).read_text())
                os.kill(pid, signal.SIGQUIT)
                self.wait(lambda: not alive(pid))
        super().stop()


def nginx_is_upgraded_in_place():
    rig = Rig("upgrade", edge_class=Daemon)
    with rig.edge:
        try:
            rig.start_collector()
            with rig.load() as load:
                time.sleep(0.3)
                for _ in range(ROUNDS):
                    rig.edge.upgrade()
                    pause()
            check_all_recorded(load, rig.events, may_break=False)
            assert rig.dropped() == 0
        finally:
            rig.stop_collector()


# ---- damaged segments ----

def records_of(data):
    """(offset, length, sequence, agent) of each record of a segment."""
    for page in range(PAGE, len(data), PAGE):
        at = page
        while at < page + PAGE:
            length, = struct.unpack_from("<I", data, at)
            if length == 0:
                break
            sequence, = struct.unpack_from("<Q", data, at + 16)
            url, agent = struct.unpack_from("<HH", data, at + 68)
            text = data[at + 80 + url:at + 80 + url + agent]
            yield at, length, sequence, text.decode()
            at += length


def is_closed(path):
    with open(path, "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            return False


def damage(data, rand):
    """The bytes of a segment after an accident."""
    hurt, kind = bytearray(data), rand.randrange(6)
    end = max((at + length for at, length, _, _ in records_of(data)),
              default=PAGE)
    if kind == 0:
        del hurt[rand.randrange(PAGE, end):]
    elif kind == 1:
        at = rand.randrange(0, end) // 512 * 512
        hurt[at:at + 512] = bytes(512)
    elif kind == 2:
        hurt[:PAGE] = rand.randbytes(PAGE)
    else:
        start = 0 if kind == 3 else PAGE
        for _ in range(rand.randrange(1, 20)):
            hurt[rand.randrange(start, end)] ^= 1 << rand.randrange(8)
    return bytes(hurt)


ENOUGH = 5 * ROUNDS  # records to damage


class Accidents:
    """What was done to segments, and what should come of it."""

    def __init__(self):
        self.seen = set()  # names of segments, hurt ones or not
        self.agents = set()  # of damaged records
        self.ends = {}  # writer: (segment, last event, last known of)

    def note(self, name, before, after):
        writer, number = name[:16], name[17:25]
        # what was cut off reads as zeros, as the end of a record may be
        after = after.ljust(len(before), b"\0")
        records = list(records_of(before))
        whole = [record for record in records if after[
            record[0]:record[0] + record[1]] == before[
            record[0]:record[0] + record[1]]]
        self.agents |= {agent for *_, agent in records} - {
            agent for *_, agent in whole}
        if not records:
            return
        known = [self.known_before(writer, records)]
        known += [sequence for _, _, sequence, _ in whole]
        sealed, last = struct.unpack_from("<QQ", before, 192)
        if sealed and after[192:212] == before[192:212]:
            known.append(last)
        self.ends[writer] = number, records[-1][2], max(known)

    def known_before(self, writer, records):
        """The last event of the writer before these that can be known."""
        number, last, known = self.ends.get(writer, ("", 0, 0))
        return known if last == records[0][2] - 1 else records[0][2] - 1

    def lost(self):
        """How many of the damaged events can be known to have been: those
        with something whole behind them, be it the seal."""
        unknown = 0
        for writer, (number, last, known) in self.ends.items():
            if number == max(name[17:25] for name in self.seen
                             if name.startswith(writer)):
                unknown += last - known
        return len(self.agents) - unknown


def hurt_closed_segments(rig, accidents, rand):
    hurt = []
    for path in sorted(rig.journal.glob("*.wxj")):
        if path.name in accidents.seen or not is_closed(path):
            continue
        before = path.read_bytes()
        if not any(records_of(before)):  # prepared, but never used
            continue
        accidents.seen.add(path.name)
        after = damage(before, rand) if rand.random() < 0.6 else before
        path.write_bytes(after)
        accidents.note(path.name, before, after)
        hurt.append(path)
    return hurt


def close_segments(rig, turn):
    old = rig.edge.workers()
    if turn % 3 == 2:
        for pid in old:
            os.kill(pid, signal.SIGKILL)
    else:
        rig.edge.process.send_signal(signal.SIGHUP)
    rig.edge.wait(lambda: len(rig.edge.workers()) == 2 and
                  not set(rig.edge.workers()) & set(old))


def segments_are_damaged():
    rand = random.Random(7)
    rig = Rig("damage", segment="64k")
    accidents = Accidents()
    with rig.edge:
        try:
            with rig.load() as load:
                # a busy machine makes less load, so fewer records to damage
                for turn in range(4 * ROUNDS):
                    if turn >= ROUNDS and len(accidents.agents) > ENOUGH:
                        break
                    time.sleep(0.3)
                    close_segments(rig, turn)
                    hurt = hurt_closed_segments(rig, accidents, rand)
                    rig.start_collector()
                    wait_for("the segments to be read", lambda: not [
                        path for path in hurt if path.exists()], 30)
                    rig.stop_collector(rand.choice(
                        [signal.SIGTERM, signal.SIGKILL]))
                    # what the collector met open is left to it alone
                    accidents.seen |= {path.name for path in
                                       rig.journal.glob("*.wxj")}
            check_damage(rig, load, accidents)
        except BaseException:
            print(rig.edge.log()[-2000:], rig.collector_log()[-3000:])
            raise
        finally:
            rig.stop_collector()


def check_damage(rig, load, accidents):
    assert not load.wrong and load.refused == 0, load.wrong[:5]
    assert len(accidents.agents) > ENOUGH, len(accidents.agents)
    rig.start_collector()
    intact = load.answered - accidents.agents
    with contextlib.suppress(AssertionError):
        wait_for("the rest", lambda: intact <= set(
            rig.events.of(rig.tag)), 20)
    rows = rig.events.of(rig.tag)
    assert not intact - set(rows), ("missing", some(intact - set(rows)))
    twice = {agent for agent, count in rows.items() if count != 1}
    assert not twice, ("recorded twice", some(twice))
    damaged = set(rows) & accidents.agents
    assert not damaged, ("damaged and recorded", some(damaged))
    invented = set(rows) - load.answered - load.unanswered
    assert not invented, some(invented)
    assert list(rig.journal.glob("*.damaged"))
    assert rig.events.lost() == accidents.lost() > 0, (
        rig.events.lost(), accidents.lost())


# ---- all of it ----

class Report:
    """Counts results, of several threads."""

    def __init__(self):
        self.lock = threading.Lock()
        self.passed = self.failed = self.skipped = 0

    def __call__(self, test, *arguments):
        start, said, result = time.monotonic(), "", "ok"
        try:
            test(*arguments)
        except Skipped as reason:
            result, said = "skipped", f": {reason}"
        except Exception:  # a failed test must not hide the others
            result, said = "FAIL", "\n" + traceback.format_exc()
        with self.lock:
            self.passed += result == "ok"
            self.failed += result == "FAIL"
            self.skipped += result == "skipped"
            print(f"{result} {test.__name__} "
                  f"({time.monotonic() - start:.1f} s){said}", flush=True)


def main():
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    report = Report()
    wanted = sys.argv[1:]
    compile_tool("tool_load")
    compile_tool("tool_table")
    faults = [the_disk_is_full_tmpfs, the_disk_is_full_ext4,
              the_directory_is_unwritable, segments_are_damaged,
              nginx_is_upgraded_in_place]
    with concurrent.futures.ThreadPoolExecutor(len(faults)) as pool:
        for fault in faults:
            if not wanted or fault.__name__ in wanted:
                pool.submit(report, fault)
        if not wanted or the_whole_stack.__name__ in wanted:
            the_whole_stack(report)
    if report.skipped:
        print(f"{report.skipped} skipped")
    print(f"{report.passed} passed, {report.failed} failed")
    return report.failed != 0


if __name__ == "__main__":
    sys.exit(main())
