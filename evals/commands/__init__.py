"""The commands of `python -m evals`, one room each: its options (`add`) and what it does.

The harness below them (metrics, datasets, assess, …) knows nothing of options or terminals.
"""
