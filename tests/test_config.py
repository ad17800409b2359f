"""The configuration: what is right is read as meant, what is wrong is named so that it can be mended."""

from __future__ import annotations

import datetime as dt
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import tmwatch.config.bots as bots
import tmwatch.config.models as models
from tmwatch.config import Config, ConfigMistakes, load_config
from tmwatch.config.reading import parse_config, read_config
from tmwatch.config.schema import config_schema, schema_text
from tmwatch.errors import ConfigError
from tmwatch.model import Significance

ROOT = Path(__file__).parent.parent
SOURCES = ("us.tsdr", "us.tsdr-api", "cn.tianyancha")
OPERATOR = '[operator]\ncontact = "watch@firm.example"\n'
LEGAL = '[[recipient]]\nname = "legal"\nemail = ["legal@firm.example"]\n'
WATCH = '[[watch]]\nname = "W"\nnumbers = ["US 76044902"]\nnotify = ["legal"]\n'
GOOD = OPERATOR + LEGAL + WATCH
SMTP = '[smtp]\nhost = "h"\nsender = "a@b.example"\nusername = "u"\npassword_file = "pw"\n'


def told_by(setting: str) -> str:
    """The good file with one more setting of its recipient."""
    return OPERATOR + LEGAL + setting + "\n" + WATCH


def hook(url: str, secret: str = "HOOK_SECRET") -> str:  # noqa: S107 - the name of a variable
    """The good file with a webhook."""
    return told_by(f'webhook = {{ url = "{url}", secret_env = "{secret}" }}')


def read(text: str, folder: Path = Path("/nowhere")) -> Config:
    return parse_config(text, folder / "tmwatch.toml", SOURCES)


def mistakes(text: str) -> ConfigMistakes:
    with pytest.raises(ConfigMistakes) as caught:
        read(text)
    return caught.value


# -- what is right ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["config/example.toml", "config/jd.toml", "tmwatch/data/init.toml"])
def test_every_file_that_we_hand_out_is_valid(name: str) -> None:
    config = read_config(ROOT / name, SOURCES)
    assert config.watches or name.endswith("init.toml")
    assert not [problem for watch in config.watches for problem in watch.docket_problems]


@pytest.mark.parametrize("name", ["config/example.toml", "config/jd.toml", "tmwatch/data/init.toml"])
def test_every_file_that_we_hand_out_obeys_the_published_schema(name: str) -> None:
    said = tomllib.loads((ROOT / name).read_text(encoding="utf-8"))
    # JSON has no dates: whoever checks TOML by a JSON Schema takes them as text.
    jsonschema.validate(json.loads(json.dumps(said, default=str)), config_schema())


def test_the_published_schema_is_the_one_of_the_models() -> None:
    assert (ROOT / "config/tmwatch-config.schema.json").read_text(encoding="utf-8") == schema_text()


@pytest.mark.parametrize(
    ("heading", "model"),
    [
        ("## `[operator]`", models.Operator),
        ("## `[store]`", models.StoreConfig),
        ("## `[smtp]`", models.Smtp),
        ('## `[source."us.tsdr"]`', models.SourceConfig),
        ("## `[[recipient]]`", models.Recipient),
        ("### `webhook = { … }`", models.Webhook),
        ("### `slack`, `teams`, `wecom`, `apprise` `= { … }`", bots.Bot),
        ("### `feishu`, `dingtalk` `= { … }`", bots.SignedBot),
        ("### `ntfy = { … }`", bots.NtfyTopic),
        ("## `[[watch]]`", models.WatchTable),
    ],
)
def test_every_setting_and_no_other_is_described_in_the_readme(heading: str, model: Any) -> None:
    section = (ROOT / "config/README.md").read_text(encoding="utf-8").split(heading + "\n")[1].split("\n#")[0]
    described = {line.split("`")[1] for line in section.splitlines() if line.startswith("| `")}
    assert described == set(model.model_fields)


def test_the_first_file_of_a_newcomer_needs_no_key_and_no_mail_server() -> None:
    assert read_config(ROOT / "tmwatch/data/init.toml", SOURCES).problems({}) == []


def test_relative_paths_start_at_the_folder_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cr3t\n")
    config = read(
        GOOD + '[smtp]\nhost="h"\nsender="a@b.example"\nusername="u"\npassword_file="secret"', tmp_path
    )
    assert config.store.path == tmp_path / "tmwatch.db"
    assert config.smtp_password({}) == "s3cr3t"


def test_the_least_significance_follows_the_role_unless_it_is_given() -> None:
    def least(extra: str) -> Significance:
        return read(GOOD + extra).watches[0].least

    assert least("") is Significance.MEDIUM
    assert least('role = "own"') is Significance.LOW
    assert least('role = "own"\nleast = "critical"') is Significance.CRITICAL


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("1 day", dt.timedelta(days=1)),
        ("6 hours", dt.timedelta(hours=6)),
        ("90 minutes", dt.timedelta(minutes=90)),
        ("2 Weeks", dt.timedelta(weeks=2)),
    ],
)
def test_intervals_are_read_as_people_write_them(text: str, span: dt.timedelta) -> None:
    assert read(GOOD + f'every = "{text}"').watches[0].every == span


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465)])
def test_the_port_of_the_mail_server_follows_its_security(security: str, port: int) -> None:
    smtp = read(GOOD + f'[smtp]\nhost="h"\nsender="a@b.example"\nsecurity="{security}"').smtp
    assert smtp is not None
    assert smtp.port == port


def test_a_bare_number_belongs_to_the_only_office_named() -> None:
    config = read(OPERATOR + '[[watch]]\nname="W"\noffices=["US"]\nnumbers=["76044902"]\nnotify=[]')
    assert config.watches[0].numbers[0].st13 == "US500000076044902"


def test_offices_are_understood_as_people_write_them() -> None:
    config = read(OPERATOR + '[[watch]]\nname="W"\noffices=["eu", "UK", "us"]\nmarks=["X"]\nnotify=[]')
    assert config.watches[0].offices == ("EM", "GB", "US")


def test_a_file_saved_by_a_windows_editor_is_read(tmp_path: Path) -> None:
    path = tmp_path / "tmwatch.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert read_config(path, SOURCES).watches[0].name == "W"


# -- what is wrong: (file, what the error must say) ------------------------------------------------

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


# -- secrets ---------------------------------------------------------------------------------------


def test_a_missing_secret_does_not_stop_the_reading_but_is_named_before_a_run() -> None:
    config = read(hook("https://h.example/T0K3N") + SMTP)
    said = "\n---\n".join(map(str, config.secret_problems({})))
    for part in (
        "tmwatch.toml",
        'recipient "legal"',
        "HOOK_SECRET is not set",
        "[smtp]",
        "/nowhere/pw",
        "No such",
    ):
        assert part in said
    assert config.webhook_secret(config.recipients[0], {"HOOK_SECRET": "whsec_x"}) == "whsec_x"


def test_mail_without_a_mail_server_is_named_before_a_run() -> None:
    assert "no mail can be sent to legal" in str(read(GOOD).problems({})[0])


def test_an_empty_secret_is_a_missing_secret(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text(" \n")
    assert "is empty" in str(read(GOOD + SMTP, tmp_path).secret_problems({})[0])


@pytest.mark.parametrize(
    "text",
    [
        GOOD + '[smtp]\nhost="h"\nsender="a@b.example"\npassword="T0K3N"',
        GOOD.replace(
            "[[watch]]", 'webhook = { url = "http://h.example/T0K3N", secret_env = "S" }\n[[watch]]'
        ),
        GOOD.replace(
            "[[watch]]", 'webhook = { url = "https://u:T0K3N@h.example/" , secret_env = "S"}\n[[watch]]'
        ),
        hook("https://h.example/", "whsec_T0K3N"),
        told_by('slack = { url = "https://hooks.slack.com/services/T0K3N" }'),
        told_by('slack = "https://hooks.slack.com/services/T0K3N"'),
        told_by('teams = ["https://x.logic.azure.com/T0K3N"]'),
        told_by('webhook = "https://h.example/T0K3N"'),
        GOOD + '[source."us.tsdr-api"]\nkey = "T0K3N"',
        GOOD + '[source."us.tsdr-api"]\nkey_env = "abc-T0K3N+/="',
        GOOD + '[source."us.tsdr-api"]\nkey_env = ["T0K3N"]',
    ],
)
def test_a_secret_that_was_put_into_the_file_is_not_repeated(text: str) -> None:
    assert "T0K3N" not in str(mistakes(text))


def test_a_secret_put_in_place_of_the_name_of_its_variable_is_not_repeated() -> None:
    config = read(GOOD + '[source."us.tsdr-api"]\nkey_env = "abcT0K3Nxyz"')
    (problem,) = config.secret_problems({})
    assert "T0K3N" not in str(problem)
    assert "is not set" in str(problem)


def test_no_repr_holds_a_secret() -> None:
    env = {"HOOK_SECRET": "whsec_T0P"}
    config = read(hook("https://h.example/T0K3N"))
    config.webhook_secret(config.recipients[0], env)
    assert "whsec_T0P" not in repr(config)
    assert "whsec_T0P" not in json.dumps(config.model_dump(mode="json"), default=str)


def test_a_level_without_marks_is_noted() -> None:
    owner = told_by("").replace("notify", 'owners = ["X"]\nlevel = 3\nnotify')
    (note,) = [one for one in read(owner).notes() if "level" in one]
    assert "no `marks` are given" in note


@pytest.mark.parametrize(
    ("twins", "said"),
    [
        ('[["JD"]]', "expected two names or more: twins are names for the same, such as JD and 京东"),
        ('["JD", "京东"]', "expected a list of lists of names"),
        ('"JD"', "expected a list of lists of names"),
    ],
)
def test_twins_that_are_none_say_what_a_twin_is_and_how_it_is_written(twins: str, said: str) -> None:
    for text in (f"twins = {twins}\n{told_by('')}", f"{told_by('')}twins = {twins}\n"):
        with pytest.raises(ConfigMistakes) as refused:
            read(text)
        assert said in str(refused.value)
        assert 'twins = [["JD", "京东"]]' in str(refused.value)


def test_twins_above_all_tables_hold_for_every_watch_beside_its_own() -> None:
    above = 'twins = [["MTJ", "麦特杰"]]\n' + told_by("") + 'marks = ["JD"]\n'
    config = read(above + 'twins = [["JD", "京东"], ["MTJ", "麦特杰"]]')
    assert config.twins == (("MTJ", "麦特杰"),)
    assert config.watches[0].twins == (("JD", "京东"), ("MTJ", "麦特杰"))
    assert read(above).watches[0].twins == config.twins


@pytest.mark.parametrize("where", ["above", "watch"])
def test_a_twin_alone_is_no_twin(where: str) -> None:
    above, below = ('twins = [["JD"]]\n', "") if where == "above" else ("", 'twins = [["JD"]]')
    with pytest.raises(ConfigMistakes, match="twins"):
        read(above + told_by("") + 'marks = ["JD"]\n' + below)


def test_what_may_surprise_is_said_in_words() -> None:
    text = told_by('digest = "daily"\ndigest_day = "friday"') + 'marks = ["JD"]\nlevel = 4'
    notes = "\n".join(read(text).notes())
    assert 'digest_day means nothing with digest = "daily"' in notes
    assert "level 4 finds whatever has something in common" in notes
    text = OPERATOR + LEGAL + '[[watch]]\nname = "W"\nclasses = [12]\nnotify = ["legal"]'
    assert "every new filing that passes its filters" in "\n".join(read(text).notes())
    assert "Nothing is watched yet" in "\n".join(read(OPERATOR).notes())


def test_what_is_switched_off_in_the_file_that_init_writes_is_valid_once_switched_on() -> None:
    text = (ROOT / "tmwatch/data/init.toml").read_text(encoding="utf-8")
    tables = text.partition("# -- What is watched")
    settings = [line for line in tables[2].splitlines() if re.match(r"# (\[|\w+ = )|[^#]", line)]
    on = "\n".join(line.removeprefix("# ") for line in settings[1:] if "numbers_file" not in line)
    config = parse_config(tables[0] + on, ROOT / "tmwatch.toml", (*SOURCES, "fi.prh"))
    assert (len(config.watches), len(config.recipients)) == (1, 1)
    assert max(len(line) for line in text.splitlines()) <= 80
