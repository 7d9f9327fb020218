"""`waxseal domain check` against the running stack: what is wrong is explained,
on a terminal in colours, and the exit code tells."""
import fcntl
import json
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import termios
import time

sys.path.insert(0, os.path.dirname(__file__))
from stack import run_tests, wait_for, zone_records
from test_dkim_keys import Context, private_key


class Check(Context):
    def check(self, name, *words, **options):
        return self.waxseal("domain", "check", name, "--dir",
                            str(self.stack.dir), *words, **options)

    def on_terminal(self, name, columns, **environment):
        """The output of a check on a terminal so many columns wide."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 40, columns, 0, 0))
        process = subprocess.Popen(
            [str(self.stack.programs / "bin/waxseal"), "domain", "check", name,
             "--dir", str(self.stack.dir)], stdin=slave, stdout=slave,
            stderr=slave, env=dict(self.stack.environment(), TERM="xterm",
                                   **environment))
        os.close(slave)
        output, end = b"", time.monotonic() + 60
        while time.monotonic() < end:
            if select.select([master], [], [], 1)[0]:
                try:
                    output += os.read(master, 65536)
                except OSError:
                    break
        os.close(master)
        return process.wait(10), output.decode().replace("\r\n", "\n")


def mistakes_are_explained(c):
    c.serve()
    c.stack.start()
    domain = c.add("acme.example", tracking_subdomain="links")
    c.zone = zone_records(domain)
    key = domain["records"][0]["value"]
    lower = c.zone.replace("bounce.", "bouncy.", 1)
    c.serve(acme_example=lower)
    result = c.check("acme.example")
    assert result.returncode == 1 and not result.stderr, result
    lines = result.stdout.splitlines()
    assert lines[0] == "acme.example: pending", lines
    head = lines.index(next(l for l in lines if l.startswith("RECORD")))
    assert re.fullmatch(r"RECORD +TYPE +NAME +STATUS", lines[head])
    assert re.fullmatch(r"DKIM +TXT +\w+\._domainkey +verified",
                        lines[head + 1])
    mx = next(i for i, l in enumerate(lines) if re.match(r"SPF +MX", l))
    assert lines[mx].endswith("pending")
    assert "bouncy.us-east-1" in lines[mx + 1] and "found" in lines[mx + 1]
    assert "expected" in lines[mx + 2]
    assert "bounce.us-east-1" in lines[mx + 2]
    assert lines[mx + 3].startswith("  why ") and any(
        l.startswith("  fix ") for l in lines[mx + 4:]), lines
    assert max(map(len, lines)) <= 80, lines
    assert "\033" not in result.stdout
    assert key[:60] not in result.stdout


def long_values_are_shown_where_they_differ(c):
    record = c.get("acme.example")["records"][0]
    wrong = record["value"][:300] + ("A" if record["value"][300] != "A"
                                     else "B") + record["value"][301:]
    c.serve(acme_example="\n".join(
        f'{line.split(" TXT ")[0]} TXT "{wrong[:255]}" "{wrong[255:]}"'
        if "_domainkey" in line else line for line in c.zone.split("\n")))
    lines = c.check("acme.example").stdout.splitlines()
    found, expected = [next(l for l in lines if l.startswith(f"  {word} "))
                       for word in ("found", "expected")]
    assert len(found) <= 80 and len(found) == len(expected)
    values = found[12:], expected[12:]
    assert all(v.startswith("...") and v.endswith("...") for v in values)
    same = os.path.commonprefix(values)
    assert same[3:] == record["value"][284:300], (values, same)


def a_terminal_has_colours_and_a_width(c):
    code, output = c.on_terminal("acme.example", 60)
    assert code == 1 and "\033[31m" in output and "\033[32m" in output
    plain = re.sub(r"\033\[\d+m", "", output)
    assert "\033" not in plain
    values = [l for l in plain.split("\n") if l.startswith("  ")]
    assert values and max(map(len, values)) <= 60, values
    code, output = c.on_terminal("acme.example", 60, NO_COLOR="1")
    assert code == 1 and "\033" not in output


def json_is_the_api_answer(c):
    result = c.check("acme.example", "--json")
    domain = json.loads(result.stdout)
    assert result.returncode == 1
    assert domain["records"][0]["status_detail"]["code"] == "dkim_other_key"


def it_succeeds_once_all_is_right(c):
    c.serve(acme_example=c.zone)
    result = c.check("acme.example")
    assert result.returncode == 0, result
    # what was wrong before may be in other caches for as long as its TTL
    lines = result.stdout.splitlines()
    mx = next(i for i, l in enumerate(lines) if re.match(r"SPF +MX", l))
    note = " ".join(" ".join(lines[mx + 1:mx + 6]).split())
    assert re.match(r"note .*old answer for up to \d+ s\. fix Nothing to do",
                    note), lines
    assert result.stdout.startswith("acme.example: verified\n")
    assert result.stdout.count("verified") == 5, result.stdout
    # a key that waits is a record that is missing
    rotated = c.waxseal("domain", "rotate-dkim", "acme.example", "--dir",
                        str(c.stack.dir))
    assert rotated.returncode == 0 and rotated.stdout.count("DKIM") == 2
    result = c.check("acme.example")
    assert result.returncode == 1
    assert result.stdout.startswith("acme.example: verified\n")


def a_key_is_imported(c):
    path = os.path.join(c.folder, "key.pem")
    with open(path, "w") as file:
        file.write(private_key("-algorithm", "ed25519"))
    words = ["domain", "import-key", "acme.example", "--dir", str(c.stack.dir)]
    result = c.waxseal(*words, "--selector", "own", "--key", path)
    assert result.returncode == 0, result
    assert "own._domainkey.acme.example" in result.stdout
    assert c.keys("acme.example")["own"] == "pending"
    assert c.waxseal(*words, "--selector", "x").returncode == 2
    result = c.waxseal(*words, "--selector", "x", "--key", "/dev/null")
    assert result.returncode == 1 and "PEM" in result.stderr, result


def what_cannot_be_checked_is_an_error(c):
    result = c.check("nobody.example")
    assert result.returncode == 1 and "no domain" in result.stderr, result
    assert not result.stdout


def main():
    context = Check()
    try:
        passed, failed = run_tests([
            mistakes_are_explained, long_values_are_shown_where_they_differ,
            a_terminal_has_colours_and_a_width, json_is_the_api_answer,
            it_succeeds_once_all_is_right, a_key_is_imported,
            what_cannot_be_checked_is_an_error], context)
        if failed:
            print(context.stack.log())
    finally:
        context.stack.stop()
        context.nsd.stop()
        shutil.rmtree(context.folder, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
