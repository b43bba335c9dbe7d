"""Hostile text shown safely: `pytest tests/unit/test_text.py`."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interviewer.text import cell_width, csv_safe, one_line, pad, truncate, visible

ANY = st.text(st.characters(exclude_categories=()), max_size=60)  # lone surrogates included


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("a\x00b\x07c\x7fd", "a␀b␇c␡d"),
        ("C1 \x9b31m", "C1 �31m"),
        ("\u202eevil\u202c \u2066x\u2069", "�evil� �x�"),
        ("zero\u200bwidth\u200d\ufeff\u00ad", "zerowidth"),
        ("tag\U000e0041\U000e007f", "tag"),
        ("lone \ud800 and \udfff", "lone � and �"),
        ("line\r\nline\u2028line\u2029line", "line\nline\nline\nline"),
        ("over\rwritten", "over␍written"),
        ("tab\tand\nnewline 中文 😀", "tab\tand\nnewline 中文 😀"),
    ],
)
def test_visible(hostile: str, shown: str) -> None:
    assert visible(hostile) == shown


@given(ANY)
def test_nothing_unsafe_is_left(text: str) -> None:
    shown = visible(text)
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t"]
    assert visible(shown) == shown
    shown.encode("utf-8")


@given(ANY, st.integers(0, 40))
def test_truncate_and_pad_by_cells(text: str, cells: int) -> None:
    assert cell_width(truncate(text, cells)) <= cells
    assert cell_width(pad(text, cells)) == cells
    assert "\n" not in truncate(text, cells)


def test_cells_of_chinese() -> None:
    assert cell_width("显存a") == 5
    assert truncate("显存账本很长", 7) == "显存账…"
    assert truncate("显存账本很长", 6) == "显存…"
    assert pad("显存", 6) == "显存  "
    assert pad("7.5", 6, right=True) == "   7.5"
    assert truncate("anything", 0) == ""
    assert one_line(" a\n\n b\tc ") == "a b c"


@pytest.mark.parametrize(
    "cell", ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "\u200b=1", "＝1", "=HYPERLINK('x')"]
)
def test_formulas_are_neutralised(cell: str) -> None:
    assert csv_safe(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["", "-1.5", "+3", "7e-3", "plain", "a=b", "显存", "'=1"])
def test_plain_cells_stay(cell: str) -> None:
    assert csv_safe(cell) == cell
