"""Texts that are made to hurt a regular expression: what it nearly matches, again and again."""

import random
from re import _constants as ops  # what sre parses a pattern to is not public, and stable
from re import _parser as parser

CANDIDATES = "a1 -_.:/=@'\"\n\\#<(Z"
CATEGORIES = {
    ops.CATEGORY_DIGIT: "7",
    ops.CATEGORY_NOT_DIGIT: "d",
    ops.CATEGORY_SPACE: " ",
    ops.CATEGORY_NOT_SPACE: "s",
    ops.CATEGORY_WORD: "w",
    ops.CATEGORY_NOT_WORD: "-",
}


def near_matches(pattern, count=6):
    """Give texts that *pattern* matches, or nearly: whole and cut, of other branches each time."""
    tree = parser.parse(pattern.pattern, pattern.flags)
    samples = []
    for seed in range(count):
        choose = random.Random(seed)
        sample = "".join(_spell(tree, choose, {})) or "a"
        samples.append(sample if seed % 2 else sample[: choose.randint(1, len(sample))])
    return list(dict.fromkeys(samples))


def _spell(tree, choose, groups):
    for op, value in tree:
        if op in (ops.LITERAL,):
            yield chr(value)
        elif op is ops.NOT_LITERAL:
            yield next(one for one in CANDIDATES if ord(one) != value)
        elif op is ops.ANY:
            yield "a"
        elif op is ops.IN:
            yield _member(value, choose)
        elif op is ops.BRANCH:
            yield from _spell(choose.choice(value[1]), choose, groups)
        elif op is ops.SUBPATTERN:
            groups[value[0]] = "".join(_spell(value[-1], choose, groups))
            yield groups[value[0]]
        elif op is ops.ATOMIC_GROUP:
            yield from _spell(value, choose, groups)
        elif op in (ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT):
            least, most, item = value
            for _ in range(choose.randint(least, min(most, least + 2))):
                yield from _spell(item, choose, groups)
        elif op is ops.GROUPREF:
            yield groups.get(value, "")


def _member(items, choose):
    taken = [item for item in items if item[0] is not ops.NEGATE]
    if len(taken) < len(items):
        return next(one for one in CANDIDATES + "\0~\xe9" if not any(_holds(item, one) for item in taken))
    op, value = choose.choice(taken)
    if op is ops.LITERAL:
        return chr(value)
    return chr(value[0]) if op is ops.RANGE else CATEGORIES[value]


def _holds(item, one):
    op, value = item
    if op is ops.LITERAL:
        return ord(one) == value
    if op is ops.RANGE:
        return value[0] <= ord(one) <= value[1]
    tests = {
        ops.CATEGORY_DIGIT: one.isdigit(),
        ops.CATEGORY_SPACE: one.isspace(),
        ops.CATEGORY_WORD: one.isalnum() or one == "_",
        ops.CATEGORY_NOT_DIGIT: not one.isdigit(),
        ops.CATEGORY_NOT_SPACE: not one.isspace(),
        ops.CATEGORY_NOT_WORD: not (one.isalnum() or one == "_"),
    }
    return tests[value]
