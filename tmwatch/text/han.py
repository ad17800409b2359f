"""Chinese characters: traditional as simplified, numerals as digits, and every reading in pinyin. Pure.

Simplified forms are OpenCC's (`opencc-python-reimplemented`), character by character: what a mark shows is
characters, and a conversion that reads whole words would give one character two forms. Japanese forms
(広 for 廣) are taken for Chinese ones where neither GB 2312 nor Big5 has them as characters of their own.
Readings are `pypinyin`'s: its words say which reading of a character comes first (重庆 is Chongqing). Both
are loaded with the first Chinese name.
"""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd]+")
COMMON = re.compile("[\u4e00-\u9fff]+")  # a block in which no character has another form of Unicode

# Japanese forms of 1946 beside the simplified Chinese ones, where the two differ and the Japanese form is in
# neither character set of Chinese.
_JAPANESE = dict(
    zip(
        "広沢桜亜悪圧囲壱隠栄営駅円塩縁応穏仮価絵壊懐拡殻覚楽巻陥関勧歓観気帰戯犠拠挙暁駆勲恵渓経継"
        "軽鶏撃県倹剣険圏検権顕験厳鉱砕済斎剤雑桟賛歯児実舎釈収従渋獣縦粛奨焼乗浄剰畳縄壌譲醸図粋酔"
        "穂髄瀬斉摂専戦銭繊曽荘捜挿巣総騒蔵臓続対帯滝択単団弾遅鋳庁徴聴逓鉄転稲闘徳読弐悩脳覇廃拝売"
        "発髪抜払仏辺変毎満黙薬訳揺様謡頼覧竜両猟緑塁涙霊隷齢労録鋭歩緖竃歳亀嶋舘渕壷蛍鴎晩歴暦砿",
        "广泽樱亚恶压围壹隐荣营驿圆盐缘应稳假价绘坏怀扩壳觉乐卷陷关劝欢观气归戏牺据举晓驱勋惠溪经继"
        "轻鸡击县俭剑险圈检权显验严矿碎济斋剂杂栈赞齿儿实舍释收从涩兽纵肃奖烧乘净剩叠绳壤让酿图粹醉"
        "穗髓濑齐摄专战钱纤曾庄搜插巢总骚藏脏续对带泷择单团弹迟铸厅征听递铁转稻斗德读贰恼脑霸废拜卖"
        "发发拔拂佛边变每满默药译摇样谣赖览龙两猎绿垒泪灵隶龄劳录锐步绪灶岁龟岛馆渊壶萤鸥晚历历矿",
        strict=True,
    )
)

_DIGITS = {
    **dict(zip("零〇一二三四五六七八九", "00123456789", strict=True)),
    **dict(zip("壹贰叁肆伍陆柒捌玖两", "1234567892", strict=True)),
}
_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_GROUPS = {"万": 10**4, "亿": 10**8}
_NUMERALS = "".join((*_DIGITS, *_UNITS, *_GROUPS))
_NUMERAL = re.compile(f"[{_NUMERALS}]+")
_LONGEST_WORD = 8  # characters; longer ones in the dictionary are proverbs
_LONGEST_NUMERAL = 20  # characters; more is no number that anybody reads


def simplified(text: str) -> str:
    """The text with traditional characters as simplified ones; nothing else touched."""
    return text.translate(_SIMPLE) if HAN.search(text) else text


class _Simple(dict[int, str]):
    """A table for `str.translate` that asks for a character when it is first seen."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        made = _simple(char) if HAN.match(char) else char
        self[code] = made
        return made


_SIMPLE = _Simple()


def _simple(char: str) -> str:
    for _ in range(3):  # a form may have a form of its own; none goes in a circle for longer
        made = _opencc()(_JAPANESE.get(char, char))
        if made == char or len(made) != 1:
            break
        char = made
    return char


@functools.cache
def _opencc() -> Callable[[str], str]:
    import opencc

    convert: Callable[[str], str] = opencc.OpenCC("t2s").convert
    return convert


def with_digits(text: str, *, least: int = 1) -> str:
    """The text with its Chinese numerals of at least so many characters as digits: 叁佰陆拾 is 360.

    三六五 is 365. What is no number (千万 alone, 十十) stays.
    """
    return _NUMERAL.sub(lambda found: _number(found.group(), least), text)


def _number(text: str, least: int) -> str:
    if not least <= len(text) <= _LONGEST_NUMERAL:
        return text
    if all(char in _DIGITS for char in text):
        return "".join(_DIGITS[char] for char in text)
    value = _value(text)
    return text if value is None else str(value)


def _value(text: str) -> int | None:
    """A number written with units; None where the units do not stand as in a number."""
    whole = part = 0
    digit: int | None = None
    last_unit, last_group = 10**4, 10**12
    for place, char in enumerate(text):
        if char in _DIGITS:
            if digit not in (None, 0):
                return None
            digit = int(_DIGITS[char])
        elif char in _UNITS:
            unit = _UNITS[char]
            if unit >= last_unit or (not digit and not (unit == 10 and place == 0)):
                return None
            part, digit, last_unit = part + (digit or 1) * unit, None, unit
        else:
            group = _GROUPS[char]
            part += digit or 0
            if group >= last_group or not part:
                return None
            whole, part, digit, last_unit, last_group = whole + part * group, 0, None, 10**4, group
    return whole + part + (digit or 0)


def syllables(text: str, shape: str, most: int) -> list[tuple[str, ...]]:
    """Readings of a run of Chinese characters, syllable by syllable, the likeliest first; at most `most`.

    `text` is simplified; `shape` is the run as it was written, whose characters may be read otherwise
    (乾 is 干 in simplified writing, and read gan or qian). Without tones; ü as u, v and yu (绿, 女, 吕).
    """
    first = _likely(text)
    choices = [
        _choices(one, sound, as_written) for one, sound, as_written in zip(text, first, shape, strict=True)
    ]
    return list(itertools.islice(nearest_first(choices), most))


@functools.lru_cache(maxsize=100_000)
def _choices(char: str, likely: str, as_written: str) -> tuple[str, ...]:
    sounds = [likely, *_readings(char)]
    if as_written != char:
        sounds += _readings(as_written)
    return tuple(dict.fromkeys(form for sound in sounds for form in _without_v(sound)))


def _without_v(sound: str) -> tuple[str, ...]:
    """ü is typed v, printed u where accents go, and yu in a Chinese passport."""
    return (sound.replace("v", "u"), sound, sound.replace("v", "yu")) if "v" in sound else (sound,)


def nearest_first(choices: Sequence[Sequence[T]]) -> Iterator[tuple[T, ...]]:
    """The first choice of each, then those that differ in one place, then in two."""
    base = tuple(options[0] for options in choices)
    yield base
    open_places = [place for place, options in enumerate(choices) if len(options) > 1]
    for changed in range(1, len(open_places) + 1):
        for places in itertools.combinations(open_places, changed):
            for sounds in itertools.product(*(choices[place][1:] for place in places)):
                made = list(base)
                for place, sound in zip(places, sounds, strict=True):
                    made[place] = sound
                yield tuple(made)


def _likely(text: str) -> list[str]:
    """The likeliest reading of each character: that of the longest word of the dictionary it stands in."""
    words = _tables()[1]
    made: list[str] = []
    while len(made) < len(text):
        at = len(made)
        for size in range(min(_LONGEST_WORD, len(text) - at), 1, -1):
            sounds = words.get(text[at : at + size])
            if sounds is not None and len(sounds) == size:
                made += (_plain_sound(sound[0]) for sound in sounds)
                break
        else:
            made.append((_readings(text[at]) or (text[at],))[0])
    return made


@functools.lru_cache(maxsize=50_000)
def _readings(char: str) -> tuple[str, ...]:
    """All readings of a character, the commonest first; empty for one that pypinyin does not know."""
    known = _tables()[0].get(ord(char), "")
    return tuple(dict.fromkeys(_plain_sound(sound) for sound in known.split(",") if sound))


def _plain_sound(sound: str) -> str:
    """A syllable without its tone, with v for ü: lǜ is lv."""
    letters = unicodedata.normalize("NFD", sound).replace("u\u0308", "v")
    return "".join(char for char in letters if char.isascii())


@functools.cache
def _tables() -> tuple[dict[int, str], dict[str, list[list[str]]]]:
    """By code point the readings of a character, by word the reading of each character in it."""
    from pypinyin.constants import PHRASES_DICT, PINYIN_DICT

    return PINYIN_DICT, PHRASES_DICT
