"""Grading past one machine: a folder of answers in, a folder of Parquet parts out, each part graded by itself.

Public: `grade_partitioned`, and `RayExecutor` in `on_ray`, the one module that knows Ray. The parts read in the order
of their names are what `grade_file` makes of the files in theirs, row by row.
"""

from interviewer.batch.partitioned.part import Executor, Job, Outcome, Task
from interviewer.batch.partitioned.partitions import PARTITION_ROWS, Partition, files_in, partitions_of
from interviewer.batch.partitioned.run import PartedSummary, grade_partitioned

__all__ = [
    "PARTITION_ROWS",
    "Executor",
    "Job",
    "Outcome",
    "PartedSummary",
    "Partition",
    "Task",
    "files_in",
    "grade_partitioned",
    "partitions_of",
]
