"""The `waxseal` command line against the running stack and a name server."""
import contextlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys

from stack import (Nsd, Stack, run_tests, temporary_folder, wait_for,
                   zone_records)

ACCESS = ("WAXSEAL_URL", "WAXSEAL_API_KEY")


class Context:
    def __init__(self):
        self.folder = temporary_folder()
        self.nsd = Nsd(self.folder + "/nsd")
        self.stack = Stack(self.folder, {
            **self.nsd.settings(),
            "WAXSEAL_VERIFY_MIN_INTERVAL": "500ms",
            "WAXSEAL_VERIFY_MAX_INTERVAL": "1s",
            "WAXSEAL_VERIFY_WINDOW": "4s",
        })
        self.domain = None

    def waxseal(self, *words, environment=None):
        full = {name: value for name, value in self.stack.environment().items()
                if name not in ACCESS}
        return subprocess.run(
            [str(self.stack.programs / "bin/waxseal"), *words], text=True,
            env=dict(full, **(environment or {})), stdin=subprocess.DEVNULL,
            timeout=60, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def good(self, *words, environment=None):
        result = self.waxseal(*words, environment=environment)
        assert result.returncode == 0 and not result.stderr, result
        return result.stdout

    def on_dir(self, *words):
        return self.good(*words, "--dir", str(self.stack.dir))


def explains_itself(c):
    commands = ["run", "init", "domain add", "domain list", "domain show",
                "domain verify", "domain check", "domain retry",
                "domain rotate-links", "domain rotate-dkim",
                "domain import-key", "export dkim", "export dkim-zone",
                "kill link", "kill message", "kill domain", "unkill link",
                "unkill message", "unkill domain", "key create", "table build"]
    top = c.good("--help")
    for command in commands:
        assert command.replace("unkill ", "") in top, command
        text = c.good(*command.split(), "--help")
        assert text.startswith(f"Usage: waxseal {command} "), text
        assert max(map(len, text.splitlines())) <= 80, text
        version = c.good(*command.split(), "--version")
        assert re.fullmatch(r"waxseal \d+\.\d+\.\d+\n", version), version
    assert c.good("domain", "--help") == top


def tells_usage_errors_apart(c):
    for words in [[], ["nonsense"], ["domain"], ["domain", "eat"], ["run"],
                  ["init", "--dir"], ["run", "--dri", "x"],
                  ["domain", "show"], ["domain", "list", "a"],
                  ["key", "create", "--dir", "/", "--permission", "all"],
                  ["key", "create", "--dir", "/", "--domain", "a.example"],
                  ["table", "build"], ["kill"], ["kill", "link", "1"],
                  ["kill", "link", "--dir", "/"], ["unkill", "domain", "a"],
                  ["domain", "rotate-links", "a.example"],
                  ["domain", "rotate-links", "a.example", "--dir", "/",
                   "--revoke", "256"]]:
        result = c.waxseal(*words)
        assert result.returncode == 2, (words, result)
        assert result.stderr.startswith("waxseal") and not result.stdout
        assert result.stderr.count("\n") == 1, result


def adds_a_domain(c):
    text = c.on_dir("domain", "add", "acme.example", "--tracking", "links",
                    "--open-tracking", "--return-path", "bounce")
    assert re.search(r"^state +not_started$", text, re.M), text
    table = text.split("\n\n")[1].splitlines()
    assert table[0].split() == ["RECORD", "NAME", "TYPE", "STATUS", "VALUE"]
    assert re.search(r"^SPF +bounce\.acme\.example +MX +not_started +10 ", text,
                     re.M), text
    column = table[0].index("VALUE")
    assert all(row[column - 2:column] == "  " and row[column] != " "
               for row in table[1:]), text
    shown = json.loads(c.on_dir("domain", "show", "ACME.example.", "--json"))
    c.domain = shown
    assert shown["open_tracking"] is True and shown["click_tracking"] is False
    assert shown["id"] in c.on_dir("domain", "list")


def finds_domains_by_any_name(c):
    c.on_dir("domain", "add", "bücher.example", "--region", "eu-west-1")
    by_name = json.loads(c.on_dir("domain", "show", "BÜCHER.example", "--json"))
    assert by_name["name"] == "xn--bcher-kva.example"
    by_id = json.loads(c.on_dir("domain", "show", by_name["id"].upper(),
                                "--json"))
    assert by_id == by_name and by_id["region"] == "eu-west-1"


def passes_the_message_of_the_api_on(c):
    for words, message in [
            (("add", "acme.example"), "registered already"),
            (("add", "x.example", "--region", "moon"), "egion"),
            (("show", "none.example"), "there is no domain none.example"),
            (("retry", "acme.example"), "failed")]:
        result = c.waxseal("domain", *words, "--dir", str(c.stack.dir))
        assert result.returncode == 1 and not result.stdout, result
        assert message in result.stderr, result


def takes_address_and_key_from_anywhere(c):
    url, key = f"http://127.0.0.1:{c.stack.api}/", c.stack.key
    everywhere = c.on_dir("domain", "list")
    assert c.good("domain", "list", environment={
        "WAXSEAL_URL": url, "WAXSEAL_API_KEY": key}) == everywhere
    assert c.good("domain", "list", "--url", url, "--key-file",
                  str(c.stack.dir / "api.key")) == everywhere
    wrong = c.waxseal("domain", "list", "--url", url,
                      environment={"WAXSEAL_API_KEY": "re_wrong"})
    assert wrong.returncode == 1 and "key" in wrong.stderr, wrong
    nobody = c.waxseal("domain", "list", "--url", "http://127.0.0.1:1",
                       environment={"WAXSEAL_API_KEY": key})
    assert nobody.returncode == 1 and "no answer" in nobody.stderr, nobody
    nothing = c.waxseal("domain", "list")
    assert nothing.returncode == 1 and "--url" in nothing.stderr, nothing


def waits_for_a_domain_that_fails_and_retries_it(c):
    c.nsd.start({"acme.example": "", "xn--bcher-kva.example": ""})
    result = c.waxseal("domain", "verify", "bücher.example", "--wait", "--dir",
                       str(c.stack.dir))
    assert result.returncode == 1 and not result.stderr, result
    assert re.search(r"^state +failed$", result.stdout, re.M), result.stdout
    assert re.search(r"^    \S", result.stdout, re.M), "messages are shown"
    assert "anew" in c.on_dir("domain", "retry", "bücher.example")
    assert re.search(r"^state +pending$",
                     c.on_dir("domain", "show", "bücher.example"), re.M)


def waits_for_a_domain_that_verifies(c):
    c.nsd.start({"acme.example": zone_records(c.domain)})
    text = c.on_dir("domain", "verify", "acme.example", "--wait")
    assert re.search(r"^state +verified$", text, re.M), text
    assert json.loads(c.on_dir("domain", "verify", "acme.example", "--wait",
                               "--json"))["state"] == "verified"


def verifies_all_domains(c):
    total = len(json.loads(c.on_dir("domain", "list", "--json"))["data"])
    result = c.waxseal("domain", "verify", "--all", "--dir", str(c.stack.dir))
    assert result.returncode == 0, result
    found = re.fullmatch(r"(\d+) domains? checked in [\d.]+ s \(\d+ a second\): "
                         r"(.*)\n", result.stdout)
    assert found and int(found[1]) == total, result
    assert "1 verified" in found[2], result
    lines = result.stderr.splitlines()
    assert lines[-1].startswith(f"{total} of {total} checked, "), result
    last = c.waxseal("domain", "verify", "--all", "--json", "--dir",
                     str(c.stack.dir))
    assert json.loads(last.stdout)["waiting"] == 0, last
    both = c.waxseal("domain", "verify", "--all", "acme.example")
    assert both.returncode == 2, both


def makes_keys(c):
    full = c.on_dir("key", "create", "--name", "second").strip()
    assert c.stack.call("GET", "/domains", key=full).status == 200
    sending = c.on_dir("key", "create", "--permission", "sending_access",
                       "--domain", "Acme.example").strip()
    assert c.stack.call("GET", "/domains", key=sending).status == 401
    message = {"domain": "acme.example", "text": "x"}
    assert c.stack.call("POST", "/messages", message,
                        key=sending).status == 201
    with contextlib.closing(sqlite3.connect(c.stack.dir / "control.db")) as db:
        rows = db.execute("SELECT name, permission, domain IS NULL FROM "
                          "api_keys ORDER BY created_at").fetchall()
    assert rows == [("default", "full_access", 1), ("second", "full_access", 1),
                    ("command line", "sending_access", 0)], rows


def builds_the_table_only_by_itself(c):
    result = c.waxseal("table", "build", "--dir", str(c.stack.dir))
    assert result.returncode == 1 and "waxseal-worker" in result.stderr, result
    assert c.stack.stop() == 0
    table = c.stack.dir / "table.wxt"
    table.unlink()
    result = c.waxseal("table", "build", "--dir", str(c.stack.dir))
    assert result.returncode == 0, result
    assert re.fullmatch(r"building 1 entries\n1 entries in \d+\.\d{3} s, "
                        r"\d+/s\n", result.stderr), result.stderr
    assert table.read_bytes()[:8] == b"WXTABLE2"
    assert b"links.acme.example" in table.read_bytes()
    # what the commands made still belongs to the one who runs the stack
    owner = c.stack.dir.stat().st_uid
    for path in c.stack.dir.rglob("*"):
        assert path.lstat().st_uid == owner, path


def does_not_let_answers_steer_the_terminal(c):
    owner = c.stack.dir.stat()
    with contextlib.closing(sqlite3.connect(c.stack.dir / "control.db")) as db:
        db.execute("UPDATE records SET value = 'a' || char(27, 155, 10) || 'ü'")
        db.commit()
    for path in c.stack.dir.glob("control.db*"):
        if os.geteuid() == 0:
            os.chown(path, owner.st_uid, owner.st_gid)
    c.stack.start()
    text = c.on_dir("domain", "show", "acme.example")
    assert "a\\x1b\\xc2\\x9b\\x0aü\n" in text, text
    assert "\x1b" not in text and "\x9b" not in text


TESTS = [
    explains_itself, tells_usage_errors_apart, adds_a_domain,
    finds_domains_by_any_name, passes_the_message_of_the_api_on,
    takes_address_and_key_from_anywhere,
    waits_for_a_domain_that_fails_and_retries_it,
    waits_for_a_domain_that_verifies, verifies_all_domains, makes_keys,
    builds_the_table_only_by_itself, does_not_let_answers_steer_the_terminal,
]


def main():
    context = Context()
    try:
        context.nsd.start({"acme.example": ""})
        context.stack.start()
        wait_for("the key pool", lambda: context.stack.call(
            "GET", "/domains").status == 200)
        passed, failed = run_tests(TESTS, context)
        if failed:
            print(context.stack.log())
    finally:
        context.stack.stop()
        context.nsd.stop()
        shutil.rmtree(context.folder, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
