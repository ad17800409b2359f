"""Mutes as their user meets them: written, seen, ended, and what they silenced."""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path

import pytest
import time_machine

from tests.cli.conftest import PAGE, House, Run
from tests.cli.test_deadline_alerts import configure as configure_deadlines
from tests.cli.test_deadline_alerts import keep, on, published

RENEWED = b"The registration has been renewed."
MOVED = PAGE.read_bytes().replace(RENEWED, b"A Section 8 declaration has been accepted.")
MUTE = """
[[mute]]
watch = "own"
field = "status"
until = 2026-12-31
reason = "no news"
"""


@pytest.fixture
def told(house: House, run: Run) -> House:
    """A house whose first look was on the 26th of November."""
    with time_machine.travel("2026-11-26T12:00:00Z", tick=False):
        run("check")
    return house


def at(day: str) -> time_machine.travel:
    return time_machine.travel(f"{day}T12:00:00Z", tick=False)


def test_a_mute_is_written_into_the_file_and_taken_out_and_comments_stay(house: House, run: Run) -> None:
    before = house.path.read_text(encoding="utf-8")
    with at("2026-11-26"):
        ran = run(
            "watch", "mute", "own", "--field", "goods", "--until", "2026-12-31", "--reason", 're"worded'
        )
    assert ran.code == 0, ran.err
    text = house.path.read_text(encoding="utf-8")
    assert text.startswith(before)
    (written,) = tomllib.loads(text)["mute"]
    assert written == {
        "watch": "own",
        "field": "goods",
        "until": dt.date(2026, 12, 31),
        "reason": 're"worded',
    }
    assert 'muted until 2026-12-31: goods of watch "own"' in " ".join(ran.out.split())
    house.path.write_text(text.replace("[[mute]]", "# why\n[[mute]]") + "# the end\n", encoding="utf-8")
    assert run("watch", "unmute", "own").code == 0
    after = house.path.read_text(encoding="utf-8")
    assert "mute" not in tomllib.loads(after)
    assert after.startswith(before)
    assert after.endswith("# why\n# the end\n")


def test_only_the_mute_that_is_meant_ends(house: House, run: Run) -> None:
    house.configure(
        MUTE
        + '[[mute]]\nfield = ["goods", # two\n  "owners"]\nuntil = 2026-12-31\n\n'
        + '[[mute]]\nwatch = "own"\nuntil = 2027-01-31\n'
    )
    run("watch", "unmute", "own", "--field", "status")
    left = tomllib.loads(house.path.read_text(encoding="utf-8"))["mute"]
    assert [one.get("watch") for one in left] == [None, "own"]
    nothing = run("watch", "unmute", "own", "--field", "status")
    assert nothing.code == 2
    assert "there is no such mute of watch" in nothing.err
    assert "Mutes: goods, owners of all watches" in nothing.err
    run("watch", "unmute", "--field", "owners", "--field", "goods")
    run("watch", "unmute", "own")
    assert "mute" not in tomllib.loads(house.path.read_text(encoding="utf-8"))


def test_a_mute_that_is_written_in_another_way_is_left_to_its_writer(house: House, run: Run) -> None:
    text = 'mute = [{ watch = "own", until = 2026-12-31 }]\n' + house.path.read_text(encoding="utf-8")
    house.path.write_text(text, encoding="utf-8")
    ran = run("watch", "unmute", "own")
    assert ran.code == 2
    assert 'Take out the [[mute]] of watch "own" in your editor.' in ran.err
    assert house.path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--until", "2026-12-31"), "what is to be muted"),
        (("nope", "--until", "2026-12-31"), 'there is no watch "nope"'),
        (("own", "--until", "soon"), '"soon" is neither a day nor a span'),
        (("own", "--until", "2026-11-25"), "2026-11-25 is over already"),
        (("own", "--field", "gods", "--until", "2026-12-31"), "Did you mean goods?"),
        (("own", "--recipient", "leagl", "--until", "2026-12-31"), "did you mean `legal`?"),
    ],
)
def test_what_cannot_be_muted_says_so_and_leaves_the_file_alone(
    house: House, run: Run, words: tuple[str, ...], said: str
) -> None:
    before = house.path.read_bytes()
    with at("2026-11-26"):
        ran = run("watch", "mute", *words)
    assert ran.code == 2
    assert said in ran.err
    assert house.path.read_bytes() == before


def test_a_span_counts_from_today(house: House, run: Run) -> None:
    with at("2026-11-26"):
        run("watch", "mute", "own", "--until", "30 days")
    assert tomllib.loads(house.path.read_text(encoding="utf-8"))["mute"][0]["until"] == dt.date(2026, 12, 26)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("until = 2026-12-31", "key watch: neither watch nor field is given"),
        ('watch = "own"', "key until: is missing"),
        (
            'watch = "Own"\nuntil = 2026-12-31',
            'key watch: there is no watch "Own"; did you mean `own`?\n   Known: own.',
        ),
        ('field = "owner"\nuntil = 2026-12-31', "Did you mean owners? Fields: "),
        ('field = "owners.adress"\nuntil = 2026-12-31', "Did you mean owners.address?"),
        ('field = "deadline"\nuntil = 2026-12-31', "deadlines are never muted"),
        ('field = "goods"\nuntil = "soon"', 'key until: "soon" is given; expected a day'),
        ('field = "goods"\nuntil = 2026-12-31\nrecipients = ["boss"]', 'there is no recipient "boss"'),
        ('field = "goods"\nuntil = 2026-12-31\nuntill = 2026-12-31', "did you mean `until`?"),
    ],
)
def test_a_mute_that_means_nothing_is_a_mistake_of_the_file(
    house: House, run: Run, settings: str, said: str
) -> None:
    house.configure(f"[[mute]]\n{settings}\n")
    ran = run("check")
    assert ran.code == 2
    assert said in ran.err


def test_what_is_muted_is_stored_and_listed_and_nobody_gets_it(told: House, run: Run) -> None:
    told.configure(MUTE)
    told.serve(MOVED)
    with at("2026-11-27"):
        ran = run("check", "--json")
        assert ran.json["alerts"] == []
        assert ran.json["silenced"] == {'status of watch "own"': 1}
        assert [one["field"] for one in run("changes", "--json").json] == ["status"]
        (kept,) = run("changes", "--muted", "--json").json
        assert kept["field"] == "status"
        assert kept["muted"]["reason"] == "no news"
        shown = " ".join(run("changes", "--muted").out.split())
        assert 'muted until 2026-12-31 by the mute of status of watch "own" (no news)' in shown
        assert "In all 1 change silenced; nothing of it is sent later." in shown
        listed = " ".join(run("alerts", "list").out.split())
        assert "In 30 days 1 change was silenced by mutes" in listed
    assert told.mailbox.mails == []
    assert told.hook.posts == []


def test_why_not_says_which_mute_and_why(told: House, run: Run) -> None:
    told.configure(MUTE)
    told.serve(MOVED)
    with at("2026-11-27"):
        run("check")
        (one,) = run("alerts", "why-not", "US 99990101", "--watch", "own", "--json").json
    by = 'muted until 2026-12-31 by the mute of status of watch "own" (no news) for legal'
    assert f"{by}: status, of 2026-11-27" in one["reasons"]
    assert any(reason.startswith("what changes from now on is muted: ") for reason in one["reasons"])


def test_mutes_are_seen_wherever_one_looks_whether_all_is_well(told: House, run: Run) -> None:
    told.configure(MUTE)
    words = 'status of watch "own", until 2026-12-31'
    with at("2026-11-27"):
        for command in ("watch list", "status"):
            assert f"{words} (no news)" in " ".join(run(*command.split()).out.split()), command
        assert run("watch", "list", "--json").json[0]["mutes"][0]["state"] == "active"
        assert run("status", "--json").json["mutes"][0]["reason"] == "no news"
        assert run("check", "--json").json["mutes"][0]["until"] == "2026-12-31"
        assert "holds until 2026-12-31 (no news)" in " ".join(run("doctor").out.split())
    with at("2026-12-26"):
        assert f"{words}, ends soon (no news)" in " ".join(run("watch", "list").out.split())
        assert "ends after 2026-12-31" in run("doctor").out
        assert run("check", "--json").json["mutes"][0]["state"] == "ends soon"
    with at("2027-01-01"):
        said = " ".join(run("doctor").out.split())
        assert 'mute of status of watch "own": is over since 2027-01-01 00:00 UTC (no news)' in said
        assert "Take it out of the file" in said
        assert "expired, it held until 2026-12-31" in " ".join(run("status").out.split())


def test_when_a_mute_ends_check_says_once_what_it_silenced_and_sends_none_of_it(
    told: House, run: Run
) -> None:
    told.configure(MUTE)
    told.serve(MOVED)
    with at("2026-11-27"):
        assert run("check").silent
    with at("2027-01-01"):
        ran = run("check")
        said = 'a mute ended (status of watch "own", until 2026-12-31): 1 change was silenced and not told'
        assert said in ran.err
        assert "`tmwatch changes --muted --since 2026-11-27`" in ran.err
        assert ran.code == 0
        assert run("check").silent
        assert len(run("changes", "--muted", "--since", "2026-11-27", "--json").json) == 1
    assert [mail["Subject"] for mail in told.mailbox.mails if "99990101" in mail["Subject"]] == []


def test_a_mute_taken_out_of_the_file_has_ended_and_one_prolonged_has_not(told: House, run: Run) -> None:
    told.configure(MUTE)
    told.serve(MOVED)
    with at("2026-11-27"):
        run("check")
        told.configure(MUTE.replace("2026-12-31", "2027-12-31"))
    with at("2027-01-01"):
        assert run("check").silent
        gone = " ".join(run("watch", "unmute", "own").out.split())
        said = 'mute ended (status of watch "own", until 2027-12-31): 1 change was silenced and not told'
        assert said.replace("2027-12-31", "2026-12-31") in gone
        assert run("check").silent, "it is said once"
        told.configure(MUTE.replace("2026-12-31", "2027-12-31"))
        told.serve(PAGE.read_bytes())
        run("check", "--all")
        told.configure()
        assert said in run("check").err


def test_deadlines_are_told_under_any_mute(folder: Path, run: Run) -> None:
    with on("2026-11-20"):
        keep(folder, published(), "2026-11-18")
    everything = '[[mute]]\nwatch = "rivals"\nuntil = 2027-12-31\ncritical = true\n'
    configure_deadlines(folder)
    (folder / "docket.csv").write_text("number\nUS 99000001\n", encoding="utf-8")
    with (folder / "tmwatch.toml").open("a", encoding="utf-8") as file:
        file.write(everything)
    with on("2026-11-21"):
        ran = run("check", "--no-deliver", "--json")
    assert [one["kind"] for one in ran.json["alerts"]] == ["deadline.due"], ran.err


def test_a_watch_that_is_late_is_told_under_any_mute(told: House, run: Run) -> None:
    told.configure('fresh = "1 day"\n[[mute]]\nwatch = "own"\nuntil = 2027-12-31\ncritical = true\n')
    told.serve((503, b"down"))
    with at("2026-12-26"):
        kinds = [one["headline"] for one in run("check", "--json").json["alerts"]]
    assert "Watch own was not looked at in full in time" in kinds


def test_an_import_says_what_a_mute_kept_back(house: House, run: Run, folder: Path) -> None:
    house.configure(MUTE)
    (folder / "later.html").write_bytes(MOVED.replace(b"2021-01-05", b"2021-02-05"))
    with at("2026-11-26"):
        run("import", str(PAGE))
    with at("2026-11-27"):
        out = " ".join(run("import", "later.html", terminal=True).out.split())
    assert 'Muted (status of watch "own"): 1 change; `tmwatch changes --muted` lists what.' in out


def test_a_field_that_there_is_none_of_names_the_usual_ones_first(house: House, run: Run) -> None:
    house.configure('[[mute]]\nfield = "nonsense"\nuntil = 2026-12-31\n')
    assert "Fields: status, owners, goods, classes, events, " in run("check").err
