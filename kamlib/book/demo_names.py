"""Invented names of accounts, people, products and competitors, in English and Chinese.

Accounts are named by combining parts, so that any number of them is distinct; a likeness to a real company
is chance.
"""

from __future__ import annotations

import numpy as np

REGIONS = ("North", "East", "South", "West", "Overseas")
LINES = ("Drives", "Motors", "Sensors", "Service")
PRODUCTS = tuple(f"{code}-{k}" for code in ("DR", "MO", "SE", "SV") for k in range(1, 5))
TYPES = ("OEM", "Integrator", "Distributor", "End user", "Public")
INDUSTRIES = ("Packaging", "Textiles", "Food", "Machine tools", "Mining", "Water", "Logistics", "Energy")
OWNERSHIPS = ("private", "state-owned", "foreign", "joint venture")
COMPETITORS = ("Vantor", "Koriel", "北曜传动", "Sennhof")
ASPECTS = ("quality", "presales", "delivery", "aftersales")
COMPETENCIES = ("planning", "customer focus", "negotiation", "product knowledge", "teamwork")

_HEADS = (
    "Alder", "Birch", "Calder", "Dun", "Elm", "Fenwick", "Garrow", "Hazel", "Ivy", "Juniper",
    "Kestrel", "Larch", "Marlow", "Nettle", "Oak", "Pine", "Quarry", "Rowan", "Sedge", "Thistle",
    "Umber", "Vale", "Willow", "Yarrow", "Ash", "Bracken", "Clover", "Drayton", "Ember", "Foxley",
    "Glen", "Heron", "Ingle", "Jasper", "Kelp", "Linden", "Moor", "North", "Osprey", "Plover",
)  # fmt: skip
_TAILS = ("brook", "field", "gate", "haven", "mere", "mill", "ridge", "stead", "wharf", "worth",
          "combe", "dale", "ford", "holt", "lea", "moss", "point", "shaw", "thorpe", "well")  # fmt: skip
_TRADES = (
    "Packaging", "Looms", "Foods", "Machine Tools", "Quarrying", "Waterworks", "Conveyors", "Power",
    "Printing", "Ceramics", "Cranes", "Pumps", "Plastics", "Paper", "Glass", "Robotics",
)  # fmt: skip
_FORMS = ("Ltd", "GmbH", "& Sons", "Group", "Co., Inc.")

_FIRST = "岑翊霁沅澍峤棠霖珩砚邈岫蘅皓煜泠溪璟葭桁翎朔陵瀚琮浔岱澜屿槿穗骅滢铎轩岚芷璨弘毓"
_SECOND = "野川石帆桥舟禾星陌岭"
_THIRD = "达盛源泰丰"
_TRADES_ZH = (
    "包装机械", "纺织", "食品", "数控机床", "矿业", "水务", "物流装备", "能源",
    "印刷", "陶瓷", "起重机械", "泵业", "塑料", "纸业", "玻璃", "智能装备",
)  # fmt: skip
_FORMS_ZH = ("有限公司", "股份有限公司", "集团", "科技有限公司", "制造厂")

_GIVEN = (
    "Anna", "Ben", "Clara", "David", "Elena", "Frank", "Grace", "Hugo", "Irene", "Jonas",
    "Karin", "Leo", "Maya", "Nils", "Olga", "Paul", "Rosa", "Simon", "Tara", "Victor",
)  # fmt: skip
_FAMILY = (
    "Abbot", "Brandt", "Castell", "Doyle", "Ekström", "Fischer", "Garcia", "Holm", "Ivers", "Jensen",
    "Keller", "Lind", "Moreau", "Novak", "Okafor", "Petrov", "Quinn", "Rossi", "Sato", "Weiss",
)  # fmt: skip
_FAMILY_ZH = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_GIVEN_ZH = ("伟", "敏", "静", "磊", "洋", "艳", "勇", "娟", "涛", "明", "超", "霞", "平", "刚", "桂英",
             "建国", "志强", "雪梅", "晓东", "海燕")  # fmt: skip


def company_names(rng: np.random.Generator, chinese: np.ndarray) -> list[str]:
    """Name companies: Chinese where `chinese` (bool, shape (n,)) says so, English elsewhere; all distinct.

    Examples
    --------
    >>> names = company_names(np.random.default_rng(1), np.array([True, False, True]))
    >>> len(set(names)), names[1].isascii()
    (3, True)
    """
    english = (_HEADS, _TAILS, _TRADES, _FORMS)
    zh = (_FIRST, _SECOND, _THIRD, _TRADES_ZH, _FORMS_ZH)
    result = [""] * len(chinese)
    for parts, wanted, pattern in ((english, ~chinese, "{}{} {} {}"), (zh, chinese, "{}{}{}{}{}")):
        where = np.flatnonzero(wanted)
        count = int(np.prod([len(part) for part in parts]))
        codes = np.resize(rng.permutation(count), len(where)) + count * (np.arange(len(where)) // count)
        picks = np.unravel_index(codes % count, [len(part) for part in parts])
        for place, code, *chosen in zip(where, codes, *picks, strict=True):
            name = pattern.format(*(part[k] for part, k in zip(parts, chosen, strict=True)))
            result[place] = name if code < count else f"{name} {code // count + 1}"
    return result


def people_names(rng: np.random.Generator, chinese: np.ndarray) -> list[str]:
    """Name people: Chinese where `chinese` (bool, shape (n,)) says so, English elsewhere; names may recur.

    Examples
    --------
    >>> len(people_names(np.random.default_rng(1), np.array([True, False])))
    2
    """
    family, given = rng.integers(0, 20, (2, len(chinese)))
    return [
        _FAMILY_ZH[f] + _GIVEN_ZH[g] if zh else f"{_GIVEN[g]} {_FAMILY[f]}"
        for zh, f, g in zip(chinese, family, given, strict=True)
    ]
