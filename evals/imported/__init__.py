"""Answers that someone else has graded: files of them read, and raters and judge compared on them.

`cells`, `scales` and `agreement` are pure; `columns` finds what is what, `reading` makes answers of rows and tells
what it left out, `judging` asks the judge, `keeping` writes them where they can be read again, `show` is the table.
"""
