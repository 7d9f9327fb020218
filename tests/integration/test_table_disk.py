#!/usr/bin/python3
"""The lookup table on a full disk, a small tmpfs and a small ext4 image: the
worker says so and lives, nginx serves the last good table, and what waited
gets in when there is room. Needs root to mount; else skipped."""
import contextlib
import errno
import os
import re
import shutil
import subprocess
import sys

from edge import ROOT, Edge, run_tests
from table_state import TableState
import link_token

MEGABYTES = 24
SKIPPED = []


@contextlib.contextmanager
def small_disk(state, kind):
    """The state directory moves to a disk of its own, all but the databases:
    what does not fit is the table."""
    disk, outside = state.folder / "disk", state.folder / "databases"
    disk.mkdir()
    if kind == "tmpfs":
        command = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "none",
                   disk]
    else:
        image = state.folder / "image"
        with open(image, "wb") as file:
            file.truncate(MEGABYTES << 20)
        subprocess.run(["/sbin/mkfs.ext4", "-qF", "-m0", "-O", "^has_journal",
                        image], check=True, capture_output=True)
        command = ["mount", "-o", "loop", image, disk]
    mounted = subprocess.run(command, text=True, capture_output=True)
    if mounted.returncode != 0:
        SKIPPED.append(f"{kind}: {mounted.stderr.strip()}")
        yield False
        return
    try:
        outside.mkdir()
        shutil.chown(outside, "www-data", "www-data")
        for path in state.state.glob("*.db*"):
            shutil.move(path, outside)
        shutil.move(state.state, disk / "state")
        for name in ("control.db", "events.db", "counts.db", "webhooks.db",
                     "requests.db"):
            (disk / "state" / name).symlink_to(outside / name)
        state.state = disk / "state"
        state.table = state.state / "table.wxt"
        for path in (state.state, *state.state.rglob("*")):
            shutil.chown(path, "www-data", "www-data")
        yield True
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def fill(state):
    filler = os.open(state.state.parent / "filler", os.O_RDWR | os.O_CREAT)
    size, step = 0, 1 << 20
    while step >= 512:
        try:
            os.posix_fallocate(filler, size, step)
            size += step
        except OSError as error:
            assert error.errno == errno.ENOSPC
            step //= 2
    os.close(filler)


def make_room(state):
    (state.state.parent / "filler").unlink()


def serve(state):
    edge = Edge()
    text = (edge.folder / "nginx.conf").read_text()
    edge.configure(re.sub("waxseal_table .*;", f"waxseal_table {state.table};",
                          text))
    state.state.chmod(0o755)
    return edge


def click(state, edge, link):
    """Location, or the status of another answer."""
    if not hasattr(state, "signer"):
        (_, ident, secret, *_), = state.hosts()["links.d1.example"]
        state.signer = bytes.fromhex(secret), bytes.fromhex(ident)
    token = link_token.mint(*state.signer, "c", 0, 3, bytes(16), 0, None,
                            link, 0)
    response = edge.get(f"/c/{token}", host="links.d1.example")
    return response["Location"] if response.status == 302 else response.status


def failing_since(edge):
    return edge.metrics()["waxseal_table_failing_since_seconds"]


def check_growth(state):
    state.add_domains(1)
    first = state.add_links(100)
    state.start_worker()
    state.await_applied()
    with serve(state) as edge:
        assert failing_since(edge) == 0
        fill(state)
        # room was reserved: what fits in the table gets in all the same
        fits = state.add_links(1000)
        state.await_applied()
        for link in (first[0], first[99], fits[0], fits[999]):
            assert click(state, edge, link) == state.url(link)
        more = state.add_links(60000)
        state.wait(lambda: "the disk is full" in state.log())
        assert failing_since(edge) > 0
        assert state.worker.poll() is None, state.log()
        for link in (*first[::9], *fits[::90], *more[::600]):
            assert click(state, edge, link) in (state.url(link), 404)
        for link in (first[0], fits[999]):
            assert click(state, edge, link) == state.url(link)
        assert click(state, edge, more[-1]) == 404
        pid = state.worker.pid
        make_room(state)
        state.await_applied()
        edge.wait(lambda: failing_since(edge) == 0)
        assert state.worker.pid == pid and state.worker.poll() is None
        for link in (*first[::9], *fits[::90], *more[::600], more[-1]):
            assert click(state, edge, link) == state.url(link)
        state.stop_worker()
        state.compare()

        # by hand: refused, the table stays; then without any table
        before = state.table.stat().st_ino, state.dump()
        fill(state)
        result = state.run("waxseal", "table", "build")
        assert result.returncode == 1, result
        assert "the disk is full" in result.stderr, result.stderr
        assert (state.table.stat().st_ino, state.dump()) == before
        assert not state.table.with_name("table.wxt.new").exists()
        assert click(state, edge, more[-1]) == state.url(more[-1])


def check_first_build(state):
    state.add_domains(1)
    link, = state.add_links(1)
    fill(state)
    state.start_worker()
    state.wait(lambda: "the disk is full" in state.log())
    assert state.worker.poll() is None and not state.table.exists()
    make_room(state)
    state.await_applied()
    with serve(state) as edge:
        assert click(state, edge, link) == state.url(link)
    state.stop_worker()
    state.compare()


def on_disk(kind, check):
    if not ROOT:
        SKIPPED.append(f"{kind}: not root")
        return
    with TableState() as state, small_disk(state, kind) as mounted:
        if mounted:
            try:
                check(state)
            finally:
                if state.worker and state.worker.poll() is None:
                    state.worker.kill()
                    state.worker.wait(10)


def test_growth_on_a_full_tmpfs():
    on_disk("tmpfs", check_growth)


def test_growth_on_a_full_ext4():
    on_disk("ext4", check_growth)


def test_first_build_on_a_full_tmpfs():
    on_disk("tmpfs", check_first_build)


def test_first_build_on_a_full_ext4():
    on_disk("ext4", check_first_build)


if __name__ == "__main__":
    outcome = run_tests(globals())
    for reason in SKIPPED:
        print(f"skipped: {reason}")
    sys.exit(outcome())
