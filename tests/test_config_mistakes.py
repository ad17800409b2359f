"""What is wrong in a configuration is named with the file, the place and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.test_config import GOOD, LEGAL, OPERATOR, WATCH, hook, mistakes, told_by
from tmwatch.config import load_config
from tmwatch.errors import ConfigError

# (file, what the error must say)
WRONG: dict[str, tuple[str, list[str]]] = {
    "no operator": (LEGAL + WATCH, ["key operator", "is missing", "contact"]),
    "no contact": ("[operator]\n" + LEGAL + WATCH, ["[operator], key contact", "is missing"]),
    "unknown key with a near one": (
        GOOD + 'ownrs = ["X"]',
        ['watch "W" (1st [[watch]])', "key ownrs", "did you mean `owners`"],
    ),
    "unknown table": (GOOD + "[stroe]\n", ["key stroe", "did you mean `store`"]),
    "wrong type of a switch": (
        GOOD + '[source."us.tsdr"]\nenabled = "yes"',
        ['[source."us.tsdr"], key enabled', '"yes" is given', "true or false"],
    ),
    "text where a list belongs": (
        OPERATOR + '[[recipient]]\nname="legal"\nemail="a@b.example"\n' + WATCH,
        ['recipient "legal" (1st [[recipient]])', "key email", "list in square brackets"],
    ),
    "a class in quotes": (GOOD + 'classes = ["9"]', ["key classes[0] (1st entry)", "whole number"]),
    "a class that is none": (GOOD + "classes = [9, 46]", ["key classes[1] (2nd entry)", "46 is given", "45"]),
    "an office that is none": (GOOD + 'offices = ["US", "Mars"]', ["offices[1]", '"Mars"', "ST.3"]),
    "unknown zone": (
        told_by('timezone = "Berlin"'),
        ['recipient "legal"', "key timezone", "Europe/Berlin"],
    ),
    "a number that no office has": (
        OPERATOR + LEGAL + '[[watch]]\nname="W"\nnumbers=["US 76044902", "US 12"]\nnotify=["legal"]',
        ['watch "W" (1st [[watch]])', "key numbers[1] (2nd entry)", "US 12", "8 digits"],
    ),
    "a number outside the offices": (
        OPERATOR + '[[watch]]\nname="W"\nnumbers=["US 76044902"]\noffices=["CN"]\nnotify=[]',
        ["numbers[0]", "US 76044902 can never fire", "Add US to `offices`"],
    ),
    "two watches of one name": (
        GOOD + WATCH.replace('"W"', '"w"'),
        ['watch "w" (2nd [[watch]])', "key name", "1st [[watch]] has the same name"],
    ),
    "two recipients of one name": (GOOD + LEGAL, ["2nd [[recipient]]", "same name"]),
    "an unknown recipient": (
        GOOD.replace('["legal"]', '["lgal"]'),
        ["key notify[0]", '"lgal"', "did you mean `legal`"],
    ),
    "no recipient": (
        OPERATOR + LEGAL + '[[watch]]\nname="W"\nmarks=["X"]',
        ["key notify", "no recipient would be told", 'notify = ["legal"]'],
    ),
    "a recipient that cannot be told": (
        OPERATOR + '[[recipient]]\nname="legal"\n' + WATCH,
        ['recipient "legal"', "no way to tell"],
    ),
    "nothing to watch for": (
        GOOD.replace('numbers = ["US 76044902"]', "since = 2026-01-01"),
        ['watch "W"', "no trigger and no filter", "numbers_file"],
    ),
    "related classes of none": (
        GOOD + "related = true",
        ['watch "W"', "key related", "widens `classes`"],
    ),
    "look-alikes of no owner": (
        GOOD + "owners_like = true",
        ["key owners_like", "widens `owners`"],
    ),
    "an owner who is watched and excepted": (
        GOOD + 'owners = ["Zebra Ltd."]\nexcept_owners = ["Kodak", "ZEBRA LIMITED"]',
        ["key except_owners[1] (2nd entry)", "stands in `owners` too"],
    ),
    "an excepted number that nobody understands": (
        GOOD + 'except_numbers = ["7604490"]',
        ["key except_numbers[0]", "Understood:"],
    ),
    "a level that there is not": (GOOD + "level = 5", ["key level", "4"]),
    "no secret for a webhook": (
        told_by('webhook = { url = "https://h.example/x" }'),
        ["key webhook.secret_env", "is missing"],
    ),
    "the address of a bot in the file itself": (
        told_by('slack = { url = "https://hooks.slack.com/services/T0/B0/PLANTED" }'),
        ["key slack.url", "did you mean `url_env`", "A secret never stands in this file"],
    ),
    "the address of a bot in place of its table": (
        told_by('teams = "https://x.logic.azure.com/PLANTED"'),
        ["key teams"],
    ),
    "two places for the secret of a bot": (
        told_by('feishu = { url_env = "F_URL", secret_env = "F", secret_file = "f.txt" }'),
        ["key feishu.secret_env", "both secret_env and secret_file"],
    ),
    "a webhook without encryption": (
        hook("http://h.example/x"),
        ["key webhook.url", "https://"],
    ),
    "a register address without encryption": (
        GOOD + '[source."us.tsdr"]\nbase_url = "http://tsdr.example"',
        ['[source."us.tsdr"], key base_url', "https://", "this machine"],
    ),
    "an address that is none": (
        GOOD.replace("legal@firm.example", "legal at firm"),
        ["key email[0] (1st entry)", "e-mail address"],
    ),
    "an address with a header in it": (
        GOOD.replace("legal@firm.example", "legal@firm.example\\r\\nBcc: x@y.example"),
        ["key email[0] (1st entry)", "e-mail address"],
    ),
    "an interval in no words we know": (GOOD + 'every = "often"', ["key every", '"often"', "6 hours"]),
    "an interval of nothing": (GOOD + 'every = "0 days"', ["key every", "longer than nothing"]),
    "a day that does not exist": (GOOD + 'since = "2024-02-30"', ["key since", "year-month-day"]),
    "a role that is none": (GOOD + 'role = "mine"', ["key role", "own, adverse, observed"]),
    "a significance that is none": (
        GOOD + 'least = "hihg"',
        ["key least", "critical", "mean `high`"],
    ),
    "cosmetic changes asked for": (GOOD + 'least = "cosmetic"', ["key least", "never told"]),
    "a source that is none": (
        GOOD + '[source."us.tsdt"]\nenabled = true',
        ["there is no source", "did you mean `us.tsdr`", "cn.tianyancha"],
    ),
    "a source without its quotes": (
        GOOD + "[source.us.tsdr]\nenabled = true",
        ["key source.us", "needs quotes", '[source."us.tsdr"]'],
    ),
    "one pair of brackets instead of two": (
        OPERATOR + '[watch]\nname = "W"\nmarks = ["X"]\nnotify = []',
        ["key watch", "[[watch]]"],
    ),
    "mail in the clear to another machine": (
        GOOD + '[smtp]\nhost = "mail.example"\nsender = "a@b.example"\nsecurity = "none"',
        ["[smtp], key security", "another machine", "starttls"],
    ),
    "a login without a password": (
        GOOD + '[smtp]\nhost = "h"\nsender = "a@b.example"\nusername = "u"',
        ["[smtp], key username", "without a password", "password_env"],
    ),
    "two places for one secret": (
        GOOD + '[source."us.tsdr-api"]\nkey_env = "K"\nkey_file = "k"',
        ["key_env", "both key_env and key_file"],
    ),
    "a docket file that is not there": (
        GOOD + 'numbers_file = "docket.csv"',
        ['watch "W"', "key numbers_file", "there is no docket file", "docket.csv"],
    ),
    "a limit that is none": (
        GOOD + '[source."us.tsdr"]\nmax_per_day = 0',
        ["key max_per_day", "0 is given", "at least 1"],
    ),
    "broken TOML": (GOOD + 'every = "1 day', ["not valid TOML", f"line {GOOD.count(chr(10)) + 1}"]),
    "a number of 5000 digits": (GOOD + f"level = {'9' * 5000}", ["not valid TOML", "too many digits"]),
    "brackets without end": (GOOD + f"marks = {'[' * 5000}", ["not valid TOML", "too deep"]),
    "a setting twice": (GOOD + 'name = "V"', ["not valid TOML", "line"]),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_names_the_file_the_place_and_what_to_do(case: str) -> None:
    text, said = WRONG[case]
    error = mistakes(text)
    assert len(error.mistakes) == 1, str(error)
    assert error.exit_code == 2
    for part in ["/nowhere/tmwatch.toml", *said]:
        assert part in str(error)
    assert error.mistakes[0].where.startswith("/nowhere/tmwatch.toml")
    assert "ydantic" not in str(error)


def test_all_mistakes_of_a_file_are_told_at_once() -> None:
    text = (
        '[operator]\ncontct = "x"\n[store]\npath = 3\n[[recipient]]\nname = "a"\n[[recipient]]\nname = "a"\n'
        '[[watch]]\nname = "W"\nclasses = [0]\nnumbers = ["US 1"]\nnotify = ["b"]\n[[watch]]\nname = "w"'
    )
    said = str(mistakes(text))
    expected = ["contact", "contct", "[store], key path", "no way to tell", "2nd [[recipient]]", "classes[0]"]
    expected += ["US 1", '"b"', "1st [[watch]] has the same name", "no trigger"]
    for part in expected:
        assert part in said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (None, "no such configuration file"),
        (b"\xff\xfe[\x00o\x00", "not UTF-8"),
        (OPERATOR.encode() + "# café".encode("latin-1"), "line 3"),
    ],
)
def test_a_file_that_cannot_be_read_says_so(tmp_path: Path, given: bytes | None, said: str) -> None:
    path = tmp_path / "tmwatch.toml"
    if given is not None:
        path.write_bytes(given)
    with pytest.raises(ConfigError, match=said) as caught:
        load_config(path)
    assert str(path) in str(caught.value)
    assert caught.value.do


def test_a_folder_in_place_of_the_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path)
