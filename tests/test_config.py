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
from tmwatch.config import Config, ConfigMistakes
from tmwatch.config.reading import parse_config, read_config
from tmwatch.config.schema import config_schema, schema_text
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
