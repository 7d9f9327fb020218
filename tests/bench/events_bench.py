#!/usr/bin/python3
"""events_bench.py - how fast events go from the journal into partitions and are
counted, into an empty store and into a full one, what they take of the disk, how
long questions take, and how far collection lags behind a steady stream.
BENCH_EVENTS (5,000,000) is how many are stored, BENCH_FRESH (2,000,000) how many
are measured, BENCH_SECONDS (10) how long the stream is; BENCH_DIR is where.

The processor time of an event is what to trust where the machine is shared."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

BUILD = pathlib.Path(os.environ.get("BUILD", "build"))
EVENTS = os.environ.get("BENCH_EVENTS", "5000000")
FRESH = os.environ.get("BENCH_FRESH", "2000000")
SECONDS = os.environ.get("BENCH_SECONDS", "10")


def main():
    folder = pathlib.Path(tempfile.mkdtemp(
        prefix="waxseal-bench.", dir=os.environ.get("BENCH_DIR")))
    try:
        return subprocess.run(
            [BUILD / "bench/tool_events", folder / "state", EVENTS, FRESH,
             SECONDS], check=False,
            env={**os.environ, "WAXSEAL_LOG": "warn"}).returncode
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
