"""The tables of the configuration file as typed, frozen models; `config.py` puts them together.

The description of each setting is what the JSON Schema says of it.
"""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, field_validator

from tmwatch.config.bots import Bot, NtfyTopic, SignedBot
from tmwatch.config.muting import Mute
from tmwatch.config.services import SERVICES
from tmwatch.config.values import (
    check_closed,
    check_email,
    check_env_name,
    check_least,
    check_line,
    check_mailbox,
    check_office,
    check_schedule,
    check_time,
    check_twin,
    check_twins,
    check_url,
    check_zone,
    parse_interval,
)
from tmwatch.model import FactKind, Frozen, Significance, TradeMark
from tmwatch.numbers import MarkNumber
from tmwatch.watches.docket import DocketProblem, DocketRow, record_keys

Line = Annotated[str, AfterValidator(check_line)]
Address = Annotated[str, AfterValidator(check_email), Field(examples=["legal@example.com"])]
Mailbox = Annotated[str, AfterValidator(check_mailbox), Field(examples=["tmwatch <tmwatch@example.com>"])]
Url = Annotated[str, AfterValidator(check_url), Field(examples=["https://hooks.example.com/tm"])]
EnvName = Annotated[str, AfterValidator(check_env_name), Field(examples=["TMWATCH_WEBHOOK_SECRET"])]
OfficeCode = Annotated[str, AfterValidator(check_office), Field(examples=["US", "CN", "EM", "WO"])]
NiceClass = Annotated[int, Field(ge=1, le=45)]
Level = Annotated[int, Field(ge=0, le=4)]
Least = Annotated[
    Significance,
    AfterValidator(check_least),
    WithJsonSchema({"type": "string", "enum": ["low", "medium", "high", "critical"]}),
]
Interval = Annotated[
    dt.timedelta,
    BeforeValidator(parse_interval),
    WithJsonSchema({"type": "string", "examples": ["1 day", "6 hours", "90 minutes"]}),
]
When = Annotated[
    str,
    AfterValidator(check_schedule),
    Field(examples=["every 6 hours", "every day", "30 6 * * 1-5"]),
]
Hours = Annotated[
    str,
    AfterValidator(check_closed),
    Field(examples=["Mon-Fri 08:00-18:00", "22:00-04:30", "Sun 01:00-05:00 America/New_York"]),
]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Twin = Annotated[tuple[Line, ...], AfterValidator(check_twin), Field(json_schema_extra={"minItems": 2})]
Twins = Annotated[tuple[Twin, ...], BeforeValidator(check_twins)]
Role = Literal["own", "adverse", "observed"]

# From which significance on an alert is sent, where the watch does not say (domain.md §7 ranks changes).
# One's own filings: everything. Those of others: housekeeping of their attorney is noise.
LEAST_BY_ROLE: Mapping[str, Significance] = {
    "own": Significance.LOW,
    "adverse": Significance.MEDIUM,
    "observed": Significance.MEDIUM,
}
_SMTP_PORTS = {"starttls": 587, "tls": 465, "none": 25}


class Operator(Frozen):
    """Who runs this tmwatch."""

    contact: Line = Field(
        description="E-mail or web address at which a register can reach you; goes into the User-Agent."
    )


# `register` is also the name of what every abstract class has; nobody registers subclasses of a table.
with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message='Field name "register"')

    class StoreConfig(Frozen):
        """Where the database lies, and the folder for pages saved by hand."""

        path: Path = Field(
            default=Path("tmwatch.db"), description="The SQLite file; relative to the configuration file."
        )
        inbox: Path | None = Field(
            default=None,
            description="Folder whose files are imported at each check; relative to the configuration file.",
        )
        feeds: Path | None = Field(
            default=None,
            description="Folder for an Atom feed of each watch and one of all, written by each check; "
            "relative to the configuration file.",
        )
        register: Path | None = Field(
            default=None,
            description="SQLite file for a few fields of every filing of a register whose files are "
            "imported; relative to the configuration file. Without it all of them go into the database.",
        )


class Smtp(Frozen):
    """The outgoing mail server."""

    host: Line = Field(description="Name of the mail server.")
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description='How the connection is secured; "none" on this machine only.'
    )
    port: Annotated[int, Field(ge=1, le=65535)] = Field(
        default_factory=lambda given: _SMTP_PORTS.get(given.get("security", "starttls"), 587),
        description="Default 587 (starttls), 465 (tls), 25 (none).",
    )
    username: Line | None = Field(default=None, description="Login name, if the server wants one.")
    password_env: EnvName | None = Field(default=None, description="Environment variable with the password.")
    password_file: str | None = Field(default=None, description="File whose content is the password.")
    sender: Mailbox = Field(description="The From address of every mail.")
    timeout: float = Field(default=30.0, gt=0, le=600, description="Seconds to wait for the server.")


class DeadlineConfig(Frozen):
    """Rules of one's own for deadlines, and how long before a day is told."""

    rules: Path | None = Field(
        default=None,
        description="CSV file of rules that stand over the shipped ones; relative to the configuration file.",
    )
    remind: tuple[Annotated[int, Field(ge=0, le=3650)], ...] = Field(
        default=(90, 30, 7, 1), description="Days before a deadline at which it is told; [] tells none."
    )


class ScheduleConfig(Frozen):
    """When `tmwatch run` does what."""

    look: When = Field(
        default="every 6 hours",
        description="When each register is asked for the watches without `every`: a span, or a crontab line.",
    )
    timezone: Annotated[str, AfterValidator(check_zone)] = Field(
        default="UTC", description="Zone of crontab lines and of closed hours, e.g. Europe/Berlin."
    )
    jitter: Interval | None = Field(
        default=dt.timedelta(minutes=2),
        description="A look begins up to so much later, by chance, so that not all begin at once.",
    )
    deliver: When = Field(default="every minute", description="When alerts that wait are delivered.")
    inbox: When = Field(default="every minute", description="When the inbox is looked into, if there is one.")

    @property
    def zone(self) -> ZoneInfo:
        """The zone itself."""
        return ZoneInfo(self.timezone)


class HealthConfig(Frozen):
    """What counts as well, and who outside is told that it is."""

    metrics: Path | None = Field(
        default=None,
        description="Prometheus text file, written after each pass; relative to the configuration file.",
    )
    heartbeat_env: EnvName | None = Field(
        default=None,
        description="Environment variable with an address that is called (POST) while all is well.",
    )
    heartbeat_file: str | None = Field(default=None, description="File whose content is that address.")
    allow_private: bool = Field(
        default=False, description="Whether that address may lie on this machine or in a private network."
    )
    oldest_alert: Interval = Field(
        default=dt.timedelta(hours=4), description="So long an alert may wait for its delivery."
    )
    disk_floor: int = Field(default=500, ge=0, description="MiB that the disk must have left.")
    backup: Interval | None = Field(
        default=None, description="How often `tmwatch backup` has to have run; without it, it need not."
    )
    mass_share: int = Field(
        default=20,
        ge=1,
        le=100,
        description="Percent of the known filings of a source that a pass looked at: where more of them "
        "changed or were not found, their alerts are held. 100: never.",
    )
    mass_least: int = Field(default=25, ge=2, description="And at least so many of them.")
    mass_hold: Interval = Field(
        default=dt.timedelta(hours=24), description="So long they are held; then they are sent all the same."
    )


class SourceConfig(Frozen):
    """How one source is used; every setting has a default in the source's own declaration."""

    enabled: bool | None = Field(
        default=None, description="true switches an opt-in source on, false switches a source off."
    )
    base_url: Url | None = Field(
        default=None, description="Another address for the register; plain http on this machine only."
    )
    facts: FactKind | None = Field(
        default=None, description='Overrides how its facts are marked; "sample" for test servers.'
    )
    permission: Line | None = Field(
        default=None,
        description="For a source whose terms forbid programs: the permission of the office that you hold.",
    )
    max_per_day: int | None = Field(
        default=None, ge=1, description="Most requests a day; never raises the pace."
    )
    max_calls_per_day: int | None = Field(
        default=None, ge=1, description="Most paid calls a day, for sources that cost money."
    )
    min_interval: float | None = Field(
        default=None, ge=0, le=86400, description="Least seconds between requests; never raises the pace."
    )
    look: When | None = Field(
        default=None, description="When `tmwatch run` asks it, in place of `look` in [schedule]."
    )
    closed: tuple[Hours, ...] = Field(
        default=(), description="Hours in which it is never asked: maintenance, or its busiest hours."
    )
    new_filings: bool = Field(
        default=True,
        description="Whether it is asked for all that is new there, for names that come near.",
    )
    reach_back: Interval | None = Field(
        default=None, description="How far before the last look the new filings are asked for again."
    )
    key_env: EnvName | None = Field(default=None, description="Environment variable with the key or token.")
    key_file: str | None = Field(default=None, description="File whose content is the key or token.")
    client_id_env: EnvName | None = Field(
        default=None, description="Environment variable with the client id, where a key has one beside it."
    )
    token_url: Url | None = Field(
        default=None, description="Another address for the tokens of a client id and its secret (a sandbox)."
    )


class Webhook(Frozen):
    """One HTTP address that alerts are posted to, signed after the Standard Webhooks specification."""

    url: Url = Field(description="https; plain http on this machine only.")
    secret_env: EnvName | None = Field(
        default=None, description="Environment variable with the signing secret."
    )
    secret_file: str | None = Field(default=None, description="File whose content is the signing secret.")
    personal_addresses: bool = Field(
        default=False, description="Whether street and mail addresses of private persons are sent too."
    )
    allow_private: bool = Field(
        default=False, description="Whether it may lie on this machine or in a private network."
    )


class Recipient(Frozen):
    """Someone who is told."""

    name: Line = Field(description="What `notify` of a watch calls this recipient.")
    email: tuple[Address, ...] = Field(default=(), description="E-mail addresses; each gets its own mail.")
    webhook: Webhook | None = Field(default=None, description="A signed webhook.")
    slack: Bot | None = Field(default=None, description="An incoming webhook of Slack.")
    teams: Bot | None = Field(default=None, description="A webhook of Workflows in Microsoft Teams.")
    feishu: SignedBot | None = Field(default=None, description="A custom bot of Feishu or Lark.")
    dingtalk: SignedBot | None = Field(default=None, description="A custom robot of DingTalk.")
    wecom: Bot | None = Field(default=None, description="A group robot of WeCom.")
    ntfy: NtfyTopic | None = Field(
        default=None, description="A topic of ntfy; its address is the server's and the topic."
    )
    apprise: Bot | None = Field(
        default=None, description="An address of Apprise, for any other service (tmwatch[apprise])."
    )
    language: Literal["en", "zh"] = Field(
        default="en", description="Wording of mails and messages: English or Chinese."
    )
    timezone: Annotated[str, AfterValidator(check_zone)] = Field(
        default="UTC", description="Zone in which instants are shown, e.g. Europe/Berlin."
    )
    quiet: tuple[Hours, ...] = Field(
        default=(), description="Hours in which only what is urgent is sent; in the recipient's zone."
    )
    quiet_days: tuple[dt.date, ...] = Field(
        default=(), description="Days on which only what is urgent is sent."
    )
    digest: Literal["off", "daily", "weekly"] = Field(
        default="off",
        description="Whether what can wait is gathered into one message, which also says what was checked.",
    )
    digest_at: Annotated[str, AfterValidator(check_time)] = Field(
        default="07:30", description="When the digest is sent, in the recipient's zone."
    )
    digest_day: Weekday = Field(default="monday", description="The day of a weekly digest.")

    @property
    def bots(self) -> dict[str, Bot]:
        """The chat and push services it has, by channel."""
        found = {name: getattr(self, name) for name in SERVICES}
        return {name: bot for name, bot in found.items() if bot is not None}

    @property
    def ways(self) -> tuple[tuple[str, str], ...]:
        """(channel, address) of every way to it. The address of a webhook or bot may hold a token, and no
        secret goes into the database (law 13): there its recipient's name stands for it."""
        ways = [("email", address) for address in self.email]
        ways += [("webhook", self.name)] if self.webhook is not None else []
        return (*ways, *((name, self.name) for name in self.bots))


class WatchRules(Frozen):
    """What a watch says besides its numbers."""

    name: Line = Field(description="Unique name, shown in every alert.")
    owners: tuple[Line, ...] = Field(
        default=(), description="Trigger: names of owners, in all scripts; company forms are folded."
    )
    agents: tuple[Line, ...] = Field(
        default=(), description="Trigger: names of representatives or their firms."
    )
    marks: tuple[Line, ...] = Field(
        default=(), description="Trigger: mark names, and by `level` what looks, sounds or means like them."
    )
    level: Level = Field(
        default=2,
        description="How near a mark must be: 1 near identical, to 4 distant; 0 the same name only.",
    )
    owners_like: bool = Field(
        default=False, description="Whether owners whose names only look like the watched ones fire too."
    )
    except_owners: tuple[Line, ...] = Field(
        default=(), description="Owners that are never a hit by likeness: your own company, allowed ones."
    )
    classes: tuple[NiceClass, ...] = Field(
        default=(), description="Filter: Nice classes 1 to 45, any of them."
    )
    related: bool = Field(
        default=False, description="Whether `classes` lets related classes through too: 9, 37, 39 for 12."
    )
    goods: tuple[Line, ...] = Field(
        default=(), description="Filter: words in the goods; any entry, all of its words in one term."
    )
    offices: tuple[OfficeCode, ...] = Field(default=(), description="Filter: WIPO ST.3 codes, any of them.")
    since: dt.date | None = Field(default=None, description="Filter: filed on or after this day.")
    require: Literal["any", "all"] = Field(
        default="any", description="Whether one kind of trigger is enough or every kind given must fire."
    )
    role: Role = Field(default="observed", description="Whose filings: own, adverse or observed.")
    least: Least = Field(
        default_factory=lambda given: LEAST_BY_ROLE[given.get("role", "observed")],
        description="Least significance of a change to be told. Default low for own, else medium.",
    )
    every: Interval | None = Field(
        default=None, description="How often it is looked at; without it, at every check."
    )
    fresh: Interval | None = Field(
        default=None, description="How old its last full look may be. Default twice `every`, else two days."
    )
    notify: tuple[str, ...] = Field(default=(), description="Names of recipients; [] tells nobody.")
    twins: Twins = Field(
        default=(), description="Names that count as one here, such as JD and 京东; initials count only so."
    )
    first_look: Literal["quiet", "alert"] = Field(
        default="quiet", description="Whether the first look is summed up (quiet) or alerted each (alert)."
    )
    gather: Literal["day", "off"] = Field(
        default="day",
        description="What is new after the first message of a day: one message when it is over, or at once.",
    )


class WatchTable(WatchRules):
    """A `[[watch]]` as it stands in the file."""

    numbers: tuple[str, ...] = Field(
        default=(), description='Trigger: numbers as people write them: "US 76044902", "WO 1266721".'
    )
    except_numbers: tuple[str, ...] = Field(
        default=(), description="Filings that are never a hit by likeness, such as your own earlier marks."
    )
    numbers_file: str | None = Field(
        default=None, description="A CSV docket: number, office, docket_ref, client, responsible."
    )


class Watch(WatchRules):
    """A watch ready for use: numbers understood, the docket file read."""

    numbers: tuple[MarkNumber, ...] = ()  # those of the docket file and the followed ones included, each once
    followed: frozenset[str] = frozenset()  # ST.13 of what was marked relevant: no trigger of the watch's own
    except_numbers: tuple[MarkNumber, ...] = ()
    numbers_file: Path | None = None
    meanings: tuple[tuple[str, ...], ...] = ()  # of the `meanings_file`: groups of words
    store_file: Path | None = None  # the database, beside which the noise of the marks is kept
    register_file: Path | None = None  # the store of the whole register, which says what is common in a class
    docket: dict[str, DocketRow] = Field(default_factory=dict)  # by docket.number_key
    docket_problems: tuple[DocketProblem, ...] = ()

    @field_validator("numbers", mode="before")
    @classmethod
    def _each_once(cls, value: Any) -> Any:
        return tuple(dict.fromkeys(value))

    def docket_row(self, record: TradeMark) -> DocketRow | None:
        """The reference, client and responsible person of the filing, if the docket file has it."""
        return next((self.docket[key] for key in record_keys(record) if key in self.docket), None)


class Shared(Frozen):
    """What stands above all tables and holds for every watch."""

    twins: Twins = Field(
        default=(), description="Names that count as one in every watch; above the first table of the file."
    )
    meanings_file: str | None = Field(
        default=None,
        description="A CSV of words that mean the same, a row for each meaning: seal,Robbe,phoque,海豹.",
    )


class ConfigFile(Shared):
    """The whole file as it is written; for the JSON Schema and for naming unknown keys."""

    operator: Operator
    store: StoreConfig = Field(default_factory=StoreConfig)
    smtp: Smtp | None = None
    deadlines: DeadlineConfig = Field(default_factory=DeadlineConfig)
    schedule: ScheduleConfig = Field(default_factory=ScheduleConfig)
    health: HealthConfig = Field(default_factory=HealthConfig)
    source: dict[str, SourceConfig] = Field(default_factory=dict)
    recipient: tuple[Recipient, ...] = ()
    watch: tuple[WatchTable, ...] = ()
    mute: tuple[Mute, ...] = ()
