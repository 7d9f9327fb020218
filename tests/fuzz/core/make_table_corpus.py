#!/usr/bin/python3
"""make_table_corpus.py - writes table.corpus, the seeds of fuzz_table: entries
as core/table.h lays them out, for the lookups that the target makes. To be run
again when the layout changes."""
import pathlib
import struct

CORPUS = pathlib.Path(__file__).with_name("table.corpus")
HOST = b"links.example.com"
ENTRIES, TAGGED = 1, 2  # of the first byte: slots and arena follow; tags made
SLOTS, HEADER, PAGE = 16, 4096, 4096
ARENA = 2 * HEADER


def padded(record):
    return record + bytes(-len(record) % 8)


def host(count=1, name=HOST):
    domain = struct.pack("<IHH16s32s32sQ", 7, 3, 0, b"d" * 16, b"s" * 32,
                         b"\xff" * 32, 1)
    return padded(struct.pack("<BBB5x", 1, len(name), count)
                  + domain * min(count, 8) + name)


def link(url_at, link_id=1, flags=0):
    return (bytes([flags << 4 | 2]) + link_id.to_bytes(6, "little")
            + ((ARENA + url_at) // 8).to_bytes(5, "little")
            + struct.pack("<I", 7))


def url(text, link_id=2, flags=0, length=None):
    return padded(bytes([flags << 4 | 3]) + link_id.to_bytes(6, "little")
                  + b"\0" + struct.pack("<IH", 7, length or len(text)) + text)


def killed(domain=1):
    return struct.pack("<B3xI16s", 4, domain, b"\1" + bytes(15))


def entries(hosts, links, killed_messages, arena):
    """Slots lead to the records by turns, as the target gives them tags."""
    kinds = hosts, links, killed_messages
    slots = [kinds[i % 3][i // 3 % len(kinds[i % 3])] // 8
             for i in range(SLOTS)]
    return (bytes([ENTRIES | TAGGED]) + struct.pack(f"<{SLOTS}Q", *slots)
            + arena)


def laid_out(*records):
    """The arena and where each record is in it."""
    places, arena = [], b""
    for record in records:
        places.append(len(arena))
        arena += record
    return arena, places


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def whole_file():
    size = ARENA + PAGE
    header = struct.pack("<8sIIQQQ16s16sQQ", b"WXTABLE2", HEADER, 0, 2, ARENA,
                         size, bytes(16), bytes(16), 1, 1)
    header += struct.pack("<I", crc32c(header))
    return b"\0" + header + bytes(size - len(header))


def seeds():
    first = url(b"https://www.example.com/a?b=c")
    arena, places = laid_out(host(), first, link(len(host())), killed())
    yield "host_and_link", entries([places[0]], [places[2]], [places[3]],
                                   arena)
    arena, places = laid_out(host(8), url(b"http://a/", 1, flags=1),
                             killed(0))
    yield "link_with_url", entries([places[0]], [places[1]], [places[2]],
                                   arena)
    # a link to itself, a URL that is no destination, one that has no end
    arena, places = laid_out(host(9), link(len(host(9))), link(0, 0),
                             url(b"javascript:x", 1),
                             url(b"https://a/", 1, length=65535), killed(9))
    yield "damaged", entries(places[:1], places[1:5], places[5:], arena)
    yield "whole_file", whole_file()


def main():
    CORPUS.mkdir(exist_ok=True)
    for name, seed in seeds():
        (CORPUS / name).write_bytes(seed)


if __name__ == "__main__":
    main()
