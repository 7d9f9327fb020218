"""README's tour, its commands typed as they stand (on ports and in folders of
the test's own), must print what README says."""
import os
import re
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(__file__))
from stack import BUILD, TOP, Stack, free_port, run_tests, temporary_folder

# what differs from run to run
VARIABLE = [
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID"),
    (r"/([co])/[A-Za-z0-9_-]{30,}", r"/\1/TOKEN"),
    (r"wx[0-9a-f]{5}", "SELECTOR"),
    (r"p=MII[A-Za-z0-9+/]+", "p=KEY"),
    (r"Date: .*", "Date"),
]


def normal(line):
    for pattern, name in VARIABLE:
        line = re.sub(pattern, name, line)
    return line.strip()


def read_tour():
    """(commands, lines that they print) of all but the first block, which
    starts the stack."""
    blocks = re.findall(r"```console\n(.*?)```",
                        (TOP / "README.md").read_text(), re.S)
    commands, output = [], []
    for line in "".join(blocks[1:]).splitlines():
        if line.startswith(("# ", "> ")):
            commands.append(line[2:])
        elif line not in ("", "…"):
            output.append(line)
    return [c for c in commands if not c.startswith("apt-get")], output


class Tour:
    def __init__(self):
        self.folder = temporary_folder()
        self.dns = free_port()
        self.stack = Stack(self.folder, {
            "WAXSEAL_DNS_RESOLVER": f"127.0.0.1:{self.dns}",
            "WAXSEAL_DNS_PORT": str(self.dns),
            "WAXSEAL_DNS_ALLOW_NS": "127.0.0.0/8",
        })

    def own(self, text):
        """The text with the ports and folders of this test."""
        for theirs, mine in (("127.0.0.1:8080", f"127.0.0.1:{self.stack.api}"),
                             ("127.0.0.1:8081", f"127.0.0.1:{self.stack.edge}"),
                             ("127.0.0.1@5300", f"127.0.0.1@{self.dns}"),
                             ("/tmp/tour", f"{self.folder}/tour"),
                             ("/var/lib/waxseal", str(self.stack.dir)),
                             ("build/bin", str(BUILD / "bin")),
                             ("conf/tour-nsd.conf", f"{self.folder}/nsd.conf")):
            text = text.replace(theirs, mine)
        return text

    def stop(self):
        self.stack.stop()
        pid = f"{self.folder}/tour/nsd.pid"
        if os.path.exists(pid):
            with open(pid) as file:
                os.kill(int(file.read()), signal.SIGTERM)
        # the name server may be removing its files at the same time
        shutil.rmtree(self.folder, ignore_errors=True)


def tour_prints_what_it_says(tour):
    commands, expected = read_tour()
    assert len(commands) > 15 and len(expected) > 30
    config = (TOP / "conf/tour-nsd.conf").read_text()
    with open(f"{tour.folder}/nsd.conf", "w") as file:
        file.write(tour.own(config))
    tour.stack.start()
    output = subprocess.run(
        ["bash"], input=tour.own("\n".join(commands)), text=True, timeout=60,
        cwd=tour.folder, env=dict(os.environ, **tour.stack.settings),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout
    # one answer of the API ends without a line feed
    printed = {normal(line) for line in output.replace('"}', '"}\n')
               .splitlines()} | {normal(line) for line in output.splitlines()}
    missing = [line for line in expected if normal(line) not in printed]
    assert not missing, "\n".join(missing) + "\n--- printed:\n" + output


def main():
    tour = Tour()
    try:
        passed, failed = run_tests([tour_prints_what_it_says], tour)
    finally:
        tour.stop()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
