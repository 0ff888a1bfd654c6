"""Know how much of a benchmark score is noise, where it comes from, and what to do about it."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evalvar import report, stats
    from evalvar.adapters import load
    from evalvar.analyses.code import code_metrics
    from evalvar.analyses.code_noise import code_noise
    from evalvar.analyses.code_sensitivity import efficiency_sensitivity
    from evalvar.analyses.code_tags import code_by_tag
    from evalvar.analyses.comparison import compare
    from evalvar.analyses.framings import framing
    from evalvar.analyses.history import change_since, learn_threshold
    from evalvar.analyses.item_quality import items
    from evalvar.analyses.latent import irt
    from evalvar.analyses.means import summary
    from evalvar.analyses.missing import coverage
    from evalvar.analyses.overview import overview
    from evalvar.analyses.phase import phases
    from evalvar.analyses.planning import plan
    from evalvar.analyses.profiles import efficiency_profiles, profile_records
    from evalvar.analyses.prompts import prompt_sensitivity
    from evalvar.analyses.ranking import leaderboard
    from evalvar.analyses.runtimes import runtimes
    from evalvar.analyses.seeds import seed_variance
    from evalvar.analyses.shorter import subset
    from evalvar.analyses.shorter_items import subset_items
    from evalvar.analyses.sources import variance_components
    from evalvar.analyses.timed_runs import timed_runs
    from evalvar.analyses.timing_scores import score_timings
    from evalvar.analyses.training import checkpoints
    from evalvar.collect.code_runner import run_code
    from evalvar.errors import EvalvarError
    from evalvar.evidence import Evidence, as_evidence, as_records, as_reported, as_timings
    from evalvar.gating import gate
    from evalvar.report import figures as plot
    from evalvar.results import Result, from_json
    from evalvar.stats.estimate import Estimate

# Public name -> where it lives; loaded on first use, so that `import evalvar` costs nothing.
_HOMES = {
    "Estimate": "evalvar.stats.estimate",
    "Evidence": "evalvar.evidence",
    "EvalvarError": "evalvar.errors",
    "Result": "evalvar.results",
    "as_evidence": "evalvar.evidence",
    "as_records": "evalvar.evidence",
    "as_reported": "evalvar.evidence",
    "as_timings": "evalvar.evidence",
    "change_since": "evalvar.analyses.history",
    "checkpoints": "evalvar.analyses.training",
    "code_by_tag": "evalvar.analyses.code_tags",
    "code_metrics": "evalvar.analyses.code",
    "code_noise": "evalvar.analyses.code_noise",
    "compare": "evalvar.analyses.comparison",
    "coverage": "evalvar.analyses.missing",
    "efficiency_sensitivity": "evalvar.analyses.code_sensitivity",
    "efficiency_profiles": "evalvar.analyses.profiles",
    "framing": "evalvar.analyses.framings",
    "from_json": "evalvar.results",
    "gate": "evalvar.gating",
    "irt": "evalvar.analyses.latent",
    "items": "evalvar.analyses.item_quality",
    "leaderboard": "evalvar.analyses.ranking",
    "learn_threshold": "evalvar.analyses.history",
    "load": "evalvar.adapters",
    "overview": "evalvar.analyses.overview",
    "phases": "evalvar.analyses.phase",
    "plan": "evalvar.analyses.planning",
    "profile_records": "evalvar.analyses.profiles",
    "prompt_sensitivity": "evalvar.analyses.prompts",
    "run_code": "evalvar.collect.code_runner",
    "runtimes": "evalvar.analyses.runtimes",
    "score_timings": "evalvar.analyses.timing_scores",
    "seed_variance": "evalvar.analyses.seeds",
    "signal": "evalvar.analyses.signals",
    "subset": "evalvar.analyses.shorter",
    "subset_items": "evalvar.analyses.shorter_items",
    "summary": "evalvar.analyses.means",
    "timed_runs": "evalvar.analyses.timed_runs",
    "variance_components": "evalvar.analyses.sources",
}
_MODULES = {
    "plot": "evalvar.report.figures",
    "report": "evalvar.report",
    "stats": "evalvar.stats",
}

__all__ = [
    "Estimate",
    "EvalvarError",
    "Evidence",
    "Result",
    "as_evidence",
    "as_records",
    "as_reported",
    "as_timings",
    "change_since",
    "checkpoints",
    "code_by_tag",
    "code_metrics",
    "code_noise",
    "compare",
    "coverage",
    "efficiency_profiles",
    "efficiency_sensitivity",
    "framing",
    "from_json",
    "gate",
    "irt",
    "items",
    "leaderboard",
    "learn_threshold",
    "load",
    "overview",
    "phases",
    "plan",
    "plot",
    "profile_records",
    "prompt_sensitivity",
    "report",
    "run_code",
    "runtimes",
    "score_timings",
    "seed_variance",
    "signal",
    "stats",
    "subset",
    "subset_items",
    "summary",
    "timed_runs",
    "variance_components",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(_MODULES[name])
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'evalvar' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
