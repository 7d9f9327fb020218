#!/usr/bin/python3
"""The test vectors of docs/link-format.md against tests/link_token.py, which
shares nothing with the C code."""
import json
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests"))
import link_token  # noqa: E402

INDEX = rb"(?:[\0-\x7f]|[\x80-\xff][\x01-\x7f]|[\x80-\xff]{2}[\x01-\x7f])"
HOST = rb"(?:[!-~]*@)?(?:\[[^]]+\]|[^]:@\[/?#\\]+)(?::[0-9]*)?"
URL = re.compile(rb"(?i:https?)://" + HOST + rb"(?:[/?#\\][!-~]*)?")


def fields(kind, data):
    """Takes a token apart; None where the specification refuses it."""
    first = data[0]
    if first >> 6 != 1 or len(data) < 2:
        return None
    found = {"mode": first >> 4 & 3, "key_id": data[1], "expires": 0}
    rest = data[2:]
    if first & 8:
        found["expires"], rest = int.from_bytes(rest[:4], "big"), rest[4:]
        if found["expires"] == 0:
            return None
    found["message_id"], rest = rest[:16].hex(), rest[16:]
    if len(found["message_id"]) != 32:
        return None
    if kind != "c":
        return found if rest == b"" and first & 7 == 0 else None
    index = re.match(INDEX, rest, re.S)
    if not index:
        return None
    found["link_index"] = sum((b & 0x7f) << 7 * i
                              for i, b in enumerate(index.group()))
    rest = rest[index.end():]
    if first & 4:
        found["link_id"] = int.from_bytes(rest, "big")
        return found if len(rest) == 6 and first & 3 == 0 else None
    url = link_token.PREFIXES[first & 3] + rest
    if not URL.fullmatch(url) or len(url) > 8000:
        return None
    found["destination"] = url.decode()
    return found


def minted(vector):
    url = vector.get("destination")
    return link_token.mint(
        bytes.fromhex(vector["secret"]), bytes.fromhex(vector["domain_id"]),
        vector["type"], vector["key_id"], vector["mode"],
        bytes.fromhex(vector["message_id"]), vector.get("link_index", 0),
        url and url.encode(), vector.get("link_id"), vector["expires"])


def accepted(secret, domain_id, kind, token):
    data = link_token.verify(secret, domain_id, kind, token)
    return fields(kind, data) if data else None


def valid_ok(vector):
    secret = bytes.fromhex(vector["secret"])
    found = accepted(secret, bytes.fromhex(vector["domain_id"]),
                     vector["type"], vector["token"])
    key = link_token.link_key(secret, vector["key_id"]).hex()
    return (minted(vector) == vector["token"] and key == vector["link_key"]
            and found is not None
            and all(vector[name] == found[name] for name in found))


def main():
    vectors = json.loads((TOP / "docs/link-format.vectors.json").read_text())
    refused = vectors["refused"]
    secret = bytes.fromhex(refused["secret"])
    domain_id = bytes.fromhex(refused["domain_id"])
    results = [("valid: " + v["name"], valid_ok(v)) for v in vectors["valid"]]
    results += [("refused: " + v["name"],
                 accepted(secret, domain_id, v["type"], v["token"]) is None)
                for v in refused["tokens"]]
    failed = [name for name, ok in results if not ok]
    for name in failed:
        print("FAIL", name)
    print(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed or len(results) < 40 else 0


if __name__ == "__main__":
    sys.exit(main())
