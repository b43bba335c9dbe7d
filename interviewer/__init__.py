"""Mock interviews for LLM fine-tuning roles, and the judge that grades their answers."""

__version__ = "0.1.0"
