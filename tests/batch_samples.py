"""Messy files of answers, made as the programs that they come from make them."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

QUESTION = "lora.principle-and-starting-point"
OTHER = "lora.core-advantage"


def excel_csv(rows: Sequence[Sequence[str]], *, encoding: str = "gbk", delimiter: str = ",") -> bytes:
    """As a Chinese Excel saves CSV: GBK, CRLF, quotes only where needed."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue().encode(encoding)


def forms_csv(questions: Sequence[str], people: Sequence[tuple[str, Sequence[str]]]) -> bytes:
    """As Google Forms exports answers: everything quoted, LF, no line break at the end, one column per question."""
    buffer = io.StringIO(newline="")
    out = csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\n")
    out.writerow(["Timestamp", "Email Address", "Score", *questions])
    for email, answers in people:
        out.writerow(["2026/01/10 9:08:52 AM GMT+8", email, "0 / 20", *answers])
    return buffer.getvalue().rstrip("\n").encode()


def workbook(path: Path, sheets: dict[str, Sequence[Sequence[Any]]], *, merged: Sequence[str] = ()) -> Path:
    """A workbook by openpyxl; `merged` ranges are of the last sheet."""
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    for place in merged:
        sheet.merge_cells(place)
    book.save(path)
    return path


def cells(path: Path, sheet: int = 0) -> list[list[Any]]:
    """All values of a sheet, read by openpyxl."""
    import openpyxl

    return [list(row) for row in openpyxl.load_workbook(path).worksheets[sheet].iter_rows(values_only=True)]


def sheet_xml(path: Path) -> str:
    """The first sheet as it stands in the archive."""
    with zipfile.ZipFile(path) as archive:
        return archive.read("xl/worksheets/sheet1.xml").decode()


def pandas_parquet(path: Path, columns: dict[str, list[Any]], **options: Any) -> Path:
    """As pandas writes a frame whose index was not reset: the index is a column, and named in the metadata."""
    import json

    import pyarrow as pa
    import pyarrow.parquet as pq

    size = len(next(iter(columns.values())))
    table = pa.table({**columns, "__index_level_0__": list(range(100, 100 + size))})
    meta = {"index_columns": ["__index_level_0__"], "columns": []}
    pq.write_table(table.replace_schema_metadata({"pandas": json.dumps(meta)}), path, **options)
    return path


_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/>'
    f'<Override PartName="/xl/sharedStrings.xml" ContentType="{_TYPE}.sharedStrings+xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook {_MAIN} xmlns:r="{_OFFICE}"><sheets>'
    '<sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
}


def excel_workbook(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    """A workbook as Excel itself writes it: texts in a table of their own, given here as the XML inside `<si>`.

    A cell that begins with `<c` is put in as it is, for formulas and their computed values.
    """
    strings: list[str] = []
    lines = []
    for n, row in enumerate(rows, 1):
        made = []
        for letter, value in zip("ABCDEFGH", row, strict=False):
            if value.startswith("<c"):
                made.append(value)
            elif value:
                made.append(f'<c r="{letter}{n}" t="s"><v>{len(strings)}</v></c>')
                strings.append(value)
        lines.append(f'<row r="{n}">{"".join(made)}</row>')
    parts = _PARTS | {
        "xl/worksheets/sheet1.xml": f"<worksheet {_MAIN}><sheetData>{''.join(lines)}</sheetData></worksheet>",
        "xl/sharedStrings.xml": f"<sst {_MAIN}>{''.join(f'<si>{s}</si>' for s in strings)}</sst>",
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>{text}')
    return path
