#!/usr/bin/python3
"""certificates_bench.py [HOSTS] - how long many tracking hosts (200) take from
their verification to certificates that nginx shows, with Pebble as the
authority on the same machine. Run it as root: it makes a network of its own."""
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent /
                       "integration"))
import acme
import test_certificates


def main():
    acme.in_own_network()
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    c = test_certificates.Context()
    c.stack.settings["WAXSEAL_DKIM_POOL"] = str(count)
    names = [f"bench{i}.example" for i in range(count)]
    try:
        c.root = c.authority()
        c.stack.start()
        for name in names:
            c.add(name)
        start = time.monotonic()
        c.verify(*names)
        served = 0
        while served < count:
            time.sleep(1)
            served = sum(c.served("links." + name) is not None
                         for name in names)
            print(f"\r{served} of {count}", end="", flush=True)
        seconds = time.monotonic() - start
        missing = [n for n in names
                   if not test_certificates.shows(c, "links." + n)]
        assert not missing, missing
        print(f"\rcertificates for {count} hosts: {seconds:.1f} s, "
              f"{count / seconds:.1f} a second, "
              f"{c.stack.settings.get('WAXSEAL_ACME_PARALLEL', '4')} at a time")
    finally:
        c.close()


if __name__ == "__main__":
    main()
