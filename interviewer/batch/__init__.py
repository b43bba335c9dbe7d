"""Grading files of written answers: rows in, the same rows with their judgement out.

Public: `grade` (rows to graded rows, an async iterator), `grade_file` (file to file), and their shapes.
Knows files, rows and the judge's protocol; nothing of interviews, screens or the command line.
"""

from interviewer.batch.columns import FIELDS, resolve
from interviewer.batch.files import grade_file
from interviewer.batch.halting import Interrupted
from interviewer.batch.journal import Journal
from interviewer.batch.options import parse_asked, parse_constants, parse_mapping
from interviewer.batch.prepared import Prepared, prepare
from interviewer.batch.readers import RawRow, Source, open_source
from interviewer.batch.rows import Row, RowBuilder, RowError
from interviewer.batch.runner import GradedRow, grade
from interviewer.batch.summary import Summary

__all__ = [
    "FIELDS",
    "GradedRow",
    "Interrupted",
    "Journal",
    "Prepared",
    "RawRow",
    "Row",
    "RowBuilder",
    "RowError",
    "Source",
    "Summary",
    "grade",
    "grade_file",
    "open_source",
    "parse_asked",
    "parse_constants",
    "parse_mapping",
    "prepare",
    "resolve",
]
