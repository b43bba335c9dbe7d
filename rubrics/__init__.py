"""How answers are graded: scale, dimensions and policy, as data that is validated when read."""

from rubrics.load import RubricError, load_rules
from rubrics.models import Dimension, Grade, KindPolicy, Policy, Rules

__all__ = ["Dimension", "Grade", "KindPolicy", "Policy", "RubricError", "Rules", "load_rules"]
