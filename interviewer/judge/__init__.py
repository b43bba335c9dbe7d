"""The judge: a rubric and an answer in, a judgement with located evidence out.

Knows rubrics, text and vectors; nothing of interviews, files of rows or screens.
"""

from interviewer.judge.evidence import locate
from interviewer.judge.offline import OfflineJudge, rubric_hash
from interviewer.judge.protocol import Judge
from interviewer.judge.rubric import follow_up_rubric, own_rubric, question_rubric, split_reference, written_rubric

__all__ = [
    "Judge",
    "OfflineJudge",
    "follow_up_rubric",
    "locate",
    "own_rubric",
    "question_rubric",
    "rubric_hash",
    "split_reference",
    "written_rubric",
]
