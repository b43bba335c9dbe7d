"""What is asked: the knowledge map of LLM fine-tuning interviews, its loader and its lint."""

from knowledge.errors import MapError, MapFileError, UnknownNameError
from knowledge.load import KnowledgeMap, load_map, read_skill
from knowledge.models import (
    Bilingual,
    Check,
    Choice,
    FollowUp,
    Kind,
    Misconception,
    Pattern,
    Point,
    Question,
    Role,
    Skill,
    Source,
)

__all__ = [
    "Bilingual",
    "Check",
    "Choice",
    "FollowUp",
    "Kind",
    "KnowledgeMap",
    "MapError",
    "MapFileError",
    "Misconception",
    "Pattern",
    "Point",
    "Question",
    "Role",
    "Skill",
    "Source",
    "UnknownNameError",
    "load_map",
    "read_skill",
]
