"""Orders of certificates when something goes wrong: the authority is down, a
validation fails, the worker is killed, a CNAME goes; and many at once."""
import os
import re
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
from stack import wait_for
from test_certificates import HTML, run, shows

MANY = 20


def an_authority_that_is_down_is_waited_for(c):
    """Goes on in the background: uacme tries for a quarter of a minute."""
    c.stack.start()
    c.add("waits.example", tls="enforced")
    c.verify("waits.example")
    c.becomes("waits.example", "issuing")


def an_enforced_domain_waits_with_its_links(c):
    answer = c.message("waits.example")
    assert answer["html"] == HTML and not answer["links"], answer
    assert any("no certificate yet" in w for w in answer["warnings"]), answer
    link = c.stack.call("POST", "/links", {"domain": "waits.example",
                                           "url": "https://example.org/"})
    assert link.status == 422 and "certificate" in link.json()["message"]


def the_authority_comes_back(c):
    found = c.becomes("waits.example", "queued", 25)
    assert found["code"] == "ca_unreachable" and found["attempts"] == 0, found
    c.root = c.authority()
    c.renew("waits.example")
    c.becomes("waits.example", "issued")
    assert c.causes("waits.example")[:2] == ["certificate_issued",
                                             "certificate_failing"]
    answer = c.message("waits.example")
    assert answer["links"][0]["href"].startswith(
        "https://links.waits.example/c/"), answer


def a_failed_validation_is_told_and_tried_again(c):
    """An authority that asks at a port where nobody answers."""
    c.pebble.http_port = 81
    c.authority()
    c.add("fails.example")
    c.verify("fails.example")
    found = c.becomes("fails.example", "failing")
    assert found["code"] == "connection" and ":81" in found["message"], found
    assert found["attempts"] == 1 and found["failing_since"], found
    assert c.message("fails.example")["links"][0]["href"].startswith("http:")
    c.pebble.http_port = 80


def certificates_are_renewed_in_time(c):
    c.root = c.authority(lifetime=12)
    c.renew("fails.example")
    first = c.becomes("fails.example", "issued")
    generation = c.served("links.fails.example")
    wait_for("a renewal", lambda: c.served("links.fails.example") != generation)
    assert c.certificate("fails.example")["expires_at"] > first["expires_at"]


def a_host_without_cname_is_not_renewed(c):
    before = c.served("links.waits.example")
    c.renew("waits.example")  # a short one
    wait_for("it", lambda: c.served("links.waits.example") != before)
    c.zones["waits.example"] = re.sub(r".*CNAME.*\n?", "",
                                      c.zones["waits.example"])
    c.verify("waits.example")
    found = c.becomes("waits.example", "stopped")
    assert found["code"] == "cname_gone" and found["expires_at"], found
    assert c.served("links.waits.example")
    assert "certificate_stopped" in c.causes("waits.example")


def a_killed_worker_makes_its_orders_anew(c):
    c.root = c.authority(PEBBLE_VA_SLEEPTIME="2")
    c.add("killed.example")
    c.verify("killed.example")
    c.becomes("killed.example", "issuing")
    os.kill(c.stack.child("waxseal-worker"), signal.SIGKILL)
    c.becomes("killed.example", "issued")


def many_hosts_get_theirs(c):
    c.root = c.authority()
    names = [f"many{i}.example" for i in range(MANY)]
    for name in names:
        c.add(name)
    start = time.monotonic()
    c.verify(*names)
    for name in names:
        c.becomes(name, "issued", 40)
    print(f"   {MANY} certificates in {time.monotonic() - start:.1f} s")
    for name in names[::7]:
        assert shows(c, "links." + name), (name, c.last_error)


def expired_certificates_are_withdrawn(c):
    wait_for("its end", lambda: c.served("links.waits.example") is None)
    assert "certificate_expired" in c.causes("waits.example")
    wait_for("its state", lambda: c.certificate("waits.example")["state"]
             == "waiting_for_dns")


if __name__ == "__main__":
    sys.exit(run([an_authority_that_is_down_is_waited_for,
                  an_enforced_domain_waits_with_its_links,
                  the_authority_comes_back,
                  a_failed_validation_is_told_and_tried_again,
                  certificates_are_renewed_in_time,
                  a_host_without_cname_is_not_renewed,
                  a_killed_worker_makes_its_orders_anew,
                  many_hosts_get_theirs,
                  expired_certificates_are_withdrawn]))
