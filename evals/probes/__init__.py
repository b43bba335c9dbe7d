"""Probes: answers perturbed by programs, and what a judge worth its name must make of them.

Agreement says how a judge does on average; a probe says what it can be talked into. Each has a pass line.
"""

from evals.probes.suite import PROBES, Outcome, Probe, run_probes

__all__ = ["PROBES", "Outcome", "Probe", "run_probes"]
