"""The events of a state directory, read from its files: partitions and what
they come to."""
import contextlib
import pathlib
import sqlite3


def read(path, sql, *values):
    with contextlib.closing(sqlite3.connect(
            f"file:{path}?mode=ro", uri=True, timeout=20)) as db:
        return db.execute(sql, values).fetchall()


class Events:
    def __init__(self, state):
        self.state = pathlib.Path(state)

    def parts(self):
        return sorted((self.state / "events").glob("*.db"))

    def query(self, sql, *values):
        """The rows that the query gives in each of the partitions."""
        return [row for part in self.parts() for row in read(part, sql, *values)]

    def of(self, tag):
        """{agent: how often}"""
        counts = {}
        for agent, count in self.query(
                "SELECT agent, count(*) FROM event_rows WHERE agent GLOB ? "
                "GROUP BY agent", f"{tag}-*"):
            counts[agent] = counts.get(agent, 0) + count
        return counts

    def lost(self):
        newest = self.parts()[-1:]
        return read(newest[0], "SELECT coalesce(sum(lost), 0) FROM writers"
                    )[0][0] if newest else 0

    def counted(self, sql, *values):
        """Of counts.db."""
        return read(self.state / "counts.db", sql, *values)

    def are_counted(self):
        """Is everything that is stored final?"""
        newest = self.query("SELECT max(id) FROM events")
        last = max([row[0] or 0 for row in newest], default=0)
        return last > 0 and self.counted("SELECT event FROM cursor")[0][0] == last

    def check_counts(self):
        """Roll-ups and unique counts are what the events say. Returns how many
        events there are."""
        rows = sorted(self.query(
            "SELECT id, account, domain, type, at, message, link, "
            "verdict = 'human' FROM event_rows"))
        assert len({row[0] for row in rows}) == len(rows), "an id was used twice"
        hours, links, seen = {}, {}, set()
        for _, account, domain, kind, at, message, link, human in rows:
            keys = [(hours, (account, domain, at // 3600000, kind), kind)]
            if link is not None:
                keys.append((links, (domain, at // 86400000, link), link))
            for sums, key, what in keys:
                sum_ = sums.setdefault(key, [0, 0, 0, 0])
                sum_[0] += 1
                sum_[1] += human
                for place, is_one in ((2, True), (3, human)):
                    first = (message, what, place, sums is links)
                    if message is not None and is_one and first not in seen:
                        seen.add(first)
                        sum_[place] += 1
        found = {tuple(row[:4]): list(row[4:]) for row in self.counted(
            "SELECT account, domain, hour, char(type), total, human, uniques, "
            "unique_humans FROM rollup_hours")}
        assert found == hours, [(key, hours.get(key), found.get(key))
                                for key in set(hours) | set(found)
                                if hours.get(key) != found.get(key)][:5]
        found = {tuple(row[:3]): list(row[3:]) for row in self.counted(
            "SELECT domain, day, url, total, human, uniques, unique_humans "
            "FROM rollup_links r JOIN links l ON l.id = r.link")}
        assert found == links, [(key, links.get(key), found.get(key))
                                for key in set(links) | set(found)
                                if links.get(key) != found.get(key)][:5]
        return len(rows)
