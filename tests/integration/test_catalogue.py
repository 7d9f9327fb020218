"""The catalogue of mistakes is whole: each row has a unit test that passes, and
docs/verification.md lists exactly the codes that verification tells."""
import collections
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(__file__))
from stack import BUILD, run_tests

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
# names, TXT values, DKIM, SPF, MX, CNAME and certificates, zones and transport
ROWS = {"N": 9, "T": 9, "D": 13, "P": 10, "M": 9, "C": 9, "Z": 14}
PROGRAMS = ("test_match_*.c", "test_qualify.c", "test_query.c")
# told by what looks beyond one record: see the integration tests
ELSEWHERE = {"dns_unreachable"}


class Catalogue:
    def __init__(self):
        self.codes = collections.defaultdict(set)  # by row
        self.failed = []

    def run(self):
        with tempfile.NamedTemporaryFile("r") as notes:
            for pattern in PROGRAMS:
                for source in (TOP / "tests/unit/worker").glob(pattern):
                    result = subprocess.run(
                        [BUILD / "unit/worker" / source.stem],
                        env=dict(os.environ, WAXSEAL_CATALOGUE=notes.name),
                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                        text=True, timeout=60)
                    if result.returncode:
                        self.failed.append(result.stdout)
            for line in notes.read().splitlines():
                row, code = line.rsplit(" ", 1)
                self.codes[row].add(code)

    def told(self):
        return set().union(*self.codes.values())


def documented():
    text = (TOP / "docs/verification.md").read_text()
    return re.findall(r"^\| `(\w+)` \|", text[text.index("### Codes"):], re.M)


def in_source():
    """Codes as the program writes them."""
    found = set()
    for path in (TOP / "cgi/worker/verify").glob("*.c"):
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
        for call in re.findall(
                r"(?:wxs_verdict_set|look|look_at|spoil|say_\w+)\(([^;]*?)\)[;\s]",
                text, re.S):
            found |= set(re.findall(r'"([a-z]+(?:_[a-z0-9]+)+)"', call))
        found |= set(re.findall(r'code = "(\w+)"', text))
    return found


def every_row_has_a_test(c):
    c.run()
    assert not c.failed, "\n".join(c.failed)
    rows = [f"{letter}{n}" for letter, count in ROWS.items()
            for n in range(1, count + 1)]
    assert len(rows) == 73
    missing = [row for row in rows if row not in c.codes]
    assert not missing, missing
    neighbours = {row.rstrip("-+?") for row in c.codes} - set(rows)
    unknown = [n for n in neighbours if re.fullmatch(r"[NTDPMCZ]\d+", n)]
    assert not unknown, f"rows that do not exist: {unknown}"


def a_row_is_told_by_a_code_of_its_own(c):
    """Where the catalogue names a mistake, "missing" or "ok" is no answer; the
    rows that are no mistakes, or leave no trace, are these."""
    fine = {"N7", "T6", "T7", "P2", "P9", "Z14"}
    silent = [row for row, codes in c.codes.items()
              if re.fullmatch(r"[NTDPMCZ]\d+", row) and row not in fine
              and codes <= {"ok", "missing"}]
    assert not silent, silent


def the_documentation_lists_every_code(c):
    listed = documented()
    assert len(listed) == len(set(listed)), \
        [code for code in listed if listed.count(code) > 1]
    unlisted = (c.told() | in_source()) - set(listed)
    assert not unlisted, f"not in docs/verification.md: {sorted(unlisted)}"
    untold = set(listed) - c.told() - ELSEWHERE
    assert not untold, f"documented, but no test tells them: {sorted(untold)}"


def main():
    passed, failed = run_tests([
        every_row_has_a_test, a_row_is_told_by_a_code_of_its_own,
        the_documentation_lists_every_code], Catalogue())
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
