r"""How does a text look when nothing in it is disguised?

A name or a sign may be spelled so that a reader knows it and a pattern does not: ``password%3Da``,
``"password\u003da"``, ``password&#61;a``, letters of full width, quotes of print, letters of another script.
The patterns know none of these: they read the text once more in this form, where escapes are decoded and
what looks like ASCII is ASCII.

Blanks stay encoded at first, but behind a sign: what is one word in the text is one word here.
"""

import html
import re
import unicodedata
from functools import cache
from urllib.parse import unquote

ROUNDS = 4  # an escape may be escaped
DISGUISES = re.compile(r"[^\x00-\x7e]|%[2-7c-fC-F][\da-fA-F]|&[#A-Za-z]|\\(?:u00|x)[2-7]")
ENCODED = re.compile(r"(?:%[\da-fA-F]{2})+")
ESCAPED = re.compile(r"(?<!\\)\\+(?:u00|x)([2-7][\da-fA-F])")
ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|[A-Za-z]{2,12});")
BLANKS = re.compile(r"%(?:20|0[9aAdD])|\+")
BLANK = re.compile(r"(?:(?<=[:;,])|(?<=[Bb]earer)|(?<=[Bb]asic))(?:%20|\+)")
# Ranges of Unicode with other forms of the letters and signs of ASCII.
FORMS = ((0x2100, 0x214F), (0x24B6, 0x24E9), (0xFE50, 0xFE6B), (0xFF01, 0xFF5E), (0x1D400, 0x1D7FF))
SAME = (
    # Cyrillic.
    (
        "\u0430\u0435\u0456\u0458\u043e\u0440\u0441\u0443\u0445\u0455\u0501\u04bb\u051b"
        "\u051d\u0410\u0412\u0415\u0406\u0408\u041a\u041c\u041d\u041e\u0420\u0421\u0422"
        "\u0423\u0425\u0405",
        "aeijopcyxsdhqwABEIJKMHOPCTYXS",
    ),
    # Greek.
    (
        "\u03b1\u03b5\u03b9\u03ba\u03bf\u03c1\u03c4\u03c5\u03c7\u0391\u0392\u0395\u0397"
        "\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u0396",
        "aeikoptuxABEHIKMNOPTYXZ",
    ),
    # Dashes.
    ("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u203e", "--------"),
    # Colons.
    ("\ua789\u2236\u02d0\ufe13\u05c3", ":::::"),
    # Signs of equality.
    ("\u2550\u207c", "=="),
    # Strokes.
    ("\u2044\u2215", "//"),
    # Quotes.
    ("\u201c\u201d\u201e\u201f\xab\xbb\u300c\u300d\u300e\u300f\u301d\u301e", '""""""""""""'),
    # Quotes.
    ("\u2018\u2019\u201a\u201b\u2039\u203a", "''''''"),
)
# What is not seen: joiners, selectors of variants, tags, accents.
UNSEEN = (
    *((0x0300, 0x036F), (0x200B, 0x200F), (0x2060, 0x2064), (0xFE00, 0xFE0F), (0xE0000, 0xE007F)),
    *((0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5)),
    *((0x180B, 0x180F), (0x3164, 0x3164), (0xFFA0, 0xFFA0)),
)


def spell_out(text: str) -> str:
    """Give *text* without its disguises; the same text if it has none."""
    for _ in range(ROUNDS):
        if DISGUISES.search(text) is None:
            return text
        plain = text if text.isascii() else text.translate(_letters())
        plain = ESCAPED.sub(lambda match: _printable(match, chr(int(match[1], 16))), plain)
        plain = ENTITY.sub(lambda match: _printable(match, html.unescape(match[0])), plain)
        plain = BLANK.sub(" ", ENCODED.sub(_decode, plain))
        if plain == text:
            return text
        text = plain
    return text


def spell_out_blanks(text: str) -> str:
    """Give *text* as :func:`spell_out` does, its blanks too: a sentence that was encoded as a whole."""
    plain = spell_out(text)
    return plain if " " in plain and "%" not in plain else BLANKS.sub(" ", plain)


def _printable(match: re.Match[str], character: str) -> str:
    return character if "!" <= character <= "~" and len(character) == 1 else match[0]


def _decode(match: re.Match[str]) -> str:
    """Decode what is printable: UTF-8 as a whole, else each sign of ASCII."""
    decoded = unquote(match[0])
    if decoded.isprintable() and " " not in decoded:
        return decoded
    return re.sub(r"%(?!7[fF])(?:2[1-9a-fA-F]|[3-7].)", lambda sign: unquote(sign[0]), match[0])


@cache
def _letters() -> dict[int, int | None]:
    """Give what stands for each character that looks like another, for ``str.translate``."""
    letters: dict[int, int | None] = {}
    for first, last in FORMS:
        for point in range(first, last + 1):
            plain = unicodedata.normalize("NFKC", chr(point))
            if len(plain) == 1 and "!" <= plain <= "~":
                letters[point] = ord(plain)
    for alike, plain in SAME:
        letters |= {ord(one): ord(other) for one, other in zip(alike, plain, strict=True)}
    for first, last in UNSEEN:
        letters |= dict.fromkeys(range(first, last + 1))
    return letters
