"""An import that is killed goes on where it was, and what stands in the file at the end is the same."""

from __future__ import annotations

import json
import re
import signal
from contextlib import closing
from pathlib import Path

from tests.conftest import ROOT
from tests.faults.preloaded import run_script
from tmwatch.importing import import_files
from tmwatch.store import Database

DAY = (ROOT / "fixtures" / "us.ttab" / "four-kinds" / "tt991016.xml").read_bytes()
# The command as it is, with transactions of three records, that kills itself before the Nth write of records.
# One process is started and forks for each command: starting Python is what takes long.
NURSERY = """
import json, os, signal, sys
from tmwatch.__main__ import main
import tmwatch.cli.importing
from tmwatch.importing import run
from tmwatch.sources.registry import all_sources
from tmwatch.store import marks
all_sources()  # before the first fork: each child would import them anew
run.BULK_BATCH = 3
codes = []
for kill, *arguments in json.loads(sys.argv[1]):
    child = os.fork()
    if not child:
        keep, left = marks.keep_records, kill
        def deadly(*given):
            global left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            keep(*given)
        marks.keep_records = deadly
        sys.argv = ["tmwatch", *arguments]
        main()
        os._exit(0)
    codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
print(json.dumps(codes))
"""
# What differs between two runs of the same import: instants, run ids, and the chain of hashes over them.
INSTANTS = re.compile(r"_at$|^run$|hash$|^previous_hash$|^id$|^memory$")


def grown(folder: Path, times: int) -> Path:
    head, body = (
        DAY[: DAY.index(b"        <proceeding-entry>")],
        DAY[DAY.index(b"        <proceeding-entry>") :],
    )
    body, foot = (
        body[: body.rindex(b"</proceeding-entry>") + 19],
        body[body.rindex(b"</proceeding-entry>") + 19 :],
    )
    renumbered = (
        re.sub(rb"(<(?:serial-)?number>99)\d\d", rb"\g<1>%02d" % place, body) for place in range(times)
    )
    path = folder / "tt991016.xml"
    path.write_bytes(head + b"\n".join(renumbered) + foot)
    return path


def commands(folder: Path, *wanted: tuple[int, str, str]) -> list[int]:
    """Runs `import` so often, one after the other: (write to die before, 0 to live; database; file)."""
    arguments = [(kill, "--db", database, "import", file) for kill, database, file in wanted]
    done = run_script(NURSERY, json.dumps(arguments), cwd=folder)
    done.check_returncode()
    found: list[int] = json.loads(done.stdout.splitlines()[-1])
    return found


def content(path: Path) -> dict[str, list[tuple[str, ...]]]:
    found = {}
    with closing(Database(path)) as base:
        for (table,) in base.conn.execute("select name from sqlite_master where type = 'table'").fetchall():
            if table in ("run", "sqlite_sequence"):
                continue
            names = [row["name"] for row in base.conn.execute(f"pragma table_info({table})")]
            kept = [name for name in names if table == "record" or not INSTANTS.search(name)]
            rows = base.conn.execute(f"select {', '.join(f'[{name}]' for name in kept)} from {table}")
            found[table] = sorted(tuple(repr(one) for one in row) for row in rows)
    return found


def test_a_killed_import_goes_on_where_it_was_and_ends_the_same(tmp_path: Path) -> None:
    file = grown(tmp_path, 6).name
    killed = [(3, "one.db", file), (9, "one.db", file)]
    codes = commands(tmp_path, (0, "whole.db", file), *killed, (0, "one.db", file), (3, "half.db", file))
    assert codes == [0, -signal.SIGKILL, -signal.SIGKILL, 0, -signal.SIGKILL]
    assert content(tmp_path / "one.db") == content(tmp_path / "whole.db")
    with closing(Database(tmp_path / "half.db")) as base:  # as the first of them left the other
        ((done,),) = base.conn.execute("select done from half_stored").fetchall()
        stored = base.conn.execute("select count(*) from observation").fetchone()[0]
    with closing(Database(tmp_path / "one.db")) as base:
        assert base.conn.execute("select count(*) from half_stored").fetchone()[0] == 0
        looks = base.conn.execute("select count(*) from observation").fetchone()[0]
        runs = base.conn.execute("select count(distinct run) from observation").fetchone()[0]
    assert done > 0
    assert 0 < stored < looks
    assert runs == 3  # each of the three stored a part, and none what another had stored


def test_the_same_file_again_is_nothing_new(tmp_path: Path) -> None:
    file = grown(tmp_path, 2)
    with closing(Database(tmp_path / "again.db")) as base:
        first, _ = import_files(base, [file])
        before = content(tmp_path / "again.db")
        again, _ = import_files(base, [file])
    assert {one.what for one in first} == {"new"}
    assert {one.what for one in again} == {"unchanged"}
    after = content(tmp_path / "again.db")
    for table in ("mark_version", "change", "record", "sighting", "alert", "event"):
        assert after[table] == before[table]
