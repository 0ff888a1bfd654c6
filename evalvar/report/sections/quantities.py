"""Analyses and quantities in the words of the page."""

from evalvar.report import wording

TITLES = {
    "summary": "Scores",
    "seed_variance": "Seed noise",
    "checkpoints": "Checkpoints",
    "signal": "Recipes",
    "framing": "Two ways to ask",
    "prompt_sensitivity": "Prompts",
    "phases": "Phases of training",
    "compare": "Differences",
    "code_metrics": "Tries",
    "timed_runs": "Timed programs",
    "code_noise": "What errs in the best of k",
    "runtimes": "Run times",
    "code_by_tag": "Kinds of problems",
    "efficiency_sensitivity": "Limits and weights",
    "coverage": "Coverage",
    "leaderboard": "Ranks",
    "variance_components": "Sources of noise",
    "plan": "What to buy",
    "gate": "Gate",
    "items": "Questions",
    "irt": "Item response curves",
    "subset": "Shorter benchmarks",
}
_WORDS = {
    "mean": "the mean",
    "final_mean": "the mean at the last checkpoint",
    "final_seed_sd": "the sd over seeds at the last checkpoint",
    "final_seed_sd_unbiased": "the same freed of bias",
    "final_seed_sd_ratio": "the ratio of the sds over seeds at the last checkpoint",
    "seed_sd": "the sd over seeds",
    "seed_sd_ratio": "the ratio of the sds over seeds",
    "seed_sd_independent": "the sd of seeds that err independently",
    "seed_sd_real": "the real sd over seeds",
    "seed_sd_calibrated": "the sd of calibrated seeds",
    "kappa": "kappa of two seeds",
    "churn": "churn",
    "best_of_seeds_gain": "the luck of the best seed",
    "outlier_seeds": "seeds that stand apart",
    "item_half_width": "the half-width over items",
    "half_width": "the half-width over items",
    "combined_half_width": "the half-width of one run",
    "noise_ratio": "the ratio of seed to item noise",
    "snr": "signal to noise",
    "snr_ratio": "the ratio of signal to noise",
    "snr_heineman": "signal to noise of Heineman et al.",
    "signal": "the spread of models",
    "signal_pairs": "the mean distance of two models",
    "signal_range": "the range of models",
    "noise": "the noise of a run",
    "step_noise": "the step noise of models",
    "small_decision_accuracy": "the share of pairs that small models order alike",
    "distinguishable_from": "the checkpoint from which two models are told apart",
    "total_variation": "the distance of answers",
    "total_variation_excess": "the same beyond chance",
    "crossover": "the checkpoint of overtaking",
    "correlation": "the correlation over models",
    "mean_over_prompts": "the mean over prompts",
    "prompt_sd": "the sd over prompts",
    "prompt_sd_real": "the real sd over prompts",
    "prompt_range": "the range over prompts",
    "prompt_x_model_sd": "the sd of prompts that differs by model",
    "best_prompt_bias": "what the best prompt flatters",
    "kendall_w": "the agreement of prompts on the order of models",
    "kendall_w_shuffled": "the same of shuffled prompts",
    "rank_tau": "the agreement of two prompts on the order of models",
    "q05": "the 5% quantile over prompts",
    "q50": "the median over prompts",
    "q95": "the 95% quantile over prompts",
    "difference": "the difference",
    "difference_simultaneous": "adjusted for several pairs",
    "macro_difference": "the difference averaged over tasks",
    "macro_difference_simultaneous": "the same, adjusted for several pairs",
    "kendall_tau": "tau",
    "kendall_tau_null_sd": "the no-trend sd of tau",
    "kendall_tau_a": "tau-a",
    "kendall_tau_corrected": "corrected tau",
    "kendall_tau_above_chance": "tau above chance",
    "trend_test": "the test against drift",
    "spearman": "Spearman\u2019s rank correlation",
    "isotonic_r2": "what a rising curve explains",
    "monotonicity": "monotonicity",
    "monotonicity_difference": "the difference of monotonicity",
    "items_missing": "missing items",
    "unscored": "unscored answers",
    "step_noise_sd": "the step noise",
    "step_noise_sd_detrended": "the step noise without its rise",
    "step_length": "the size of a step",
    "net_step": "the improvement a step",
    "snr_last": "signal to noise of the last steps",
    "rise_share": "the share of steps that rise",
    "smoothed_mean": "the mean of the last checkpoints",
    "smoothed_seed_sd": "its sd over seeds",
    "smoothing_gain": "the gain of smoothing",
    "rank": "the rank",
    "gap_to_next": "the lead over the next",
    "decision_accuracy": "the chance that an order is right",
    "detectable_difference": "the detectable difference",
    "superiority": "superiority",
    "non_inferiority": "non-inferiority",
    "equivalence": "equivalence",
    "state": "the phase",
    "state_probability": "the probability of a phase",
    "n_states": "the number of phases",
    "bic": "BIC",
    "returns": "returns to an earlier phase",
    "transition": "transitions between phases",
    "difficulty": "difficulty",
    "discrimination": "discrimination",
    "rest_discrimination": "item-rest correlation",
    "upper_lower": "the upper-lower index",
    "alpha": "reliability",
    "alpha_without": "reliability without an item",
    "omega": "McDonald\u2019s omega",
    "sem": "the error of a score",
    "items_for_90": "the items for a reliability of 0.9",
    "dead": "items nobody gets right",
    "saturated": "items everybody gets right",
    "flipped": "falling items",
    "suspect_label": "suspect labels",
    "duplicate": "repeated items",
    "conflicting_gold": "conflicting gold answers",
    "same_answers": "items answered alike",
    "split_stability": "the agreement of random halves",
    "weak_strong_stability": "the agreement of weak and strong",
    "pruned_drift": "the drift by pruning",
    "pruned_se": "the standard error after pruning",
    "pruned_monotonicity": "monotonicity after pruning",
    "random_drift_sd": "the drift by random pruning",
    "random_se": "the standard error after random pruning",
    "random_monotonicity": "monotonicity after random pruning",
    "confidence": "confidence in an item",
    "variability": "its variability",
    "forgetting": "its forgetting",
    "ability": "ability",
    "intercept": "the intercept",
    "mean_discrimination": "mean slope",
    "discrimination_sd": "the sd of slopes",
    "discriminating_items": "clear items",
    "negative_items": "negative items",
    "misfitting_items": "misfitting items",
    "item_fit": "item fit",
    "reliability": "reliability",
    "over_item": "for new problems",
    "over_sample": "for new samples",
    "over_timing": "timed again",
    "rmst_ratio": "the ratio of mean times up to the limit",
    "log_rank": "the log-rank test",
    "lead": "the lead by any weights",
    "programs": "programs",
    "ok": "programs in time",
    "late": "right programs past the limit",
    "crash": "crashes",
    "timeout": "timeouts",
    "memory": "programs out of memory",
    "missing": "missing programs",
    "unfinished": "unfinished programs",
    "pass_rate": "right programs",
    "past_limit": "the share past the limit",
    "drift": "the drift of references",
    "drifted": "problems whose references drifted",
    "unscored_problems": "problems without an efficiency",
    "bias": "bias",
    "error": "the mean error",
    "rank_agreement": "the agreement of ranks",
}
# The same name in two analyses.
_OWN = {
    ("timed_runs", "wrong"): "wrong programs",
    ("timed_runs", "limit"): "the limit of a problem",
    ("timed_runs", "resolution"): "the resolution of the clock",
    ("signal", "decision_accuracy"): "the share of pairs ordered as in the end",
    ("subset", "seed_sd"): "the sd over seeds of a subset",
    ("irt", "discrimination"): "the slope",
}
_BY_LEVEL = ("timed_runs", "runtimes", "efficiency_sensitivity")
_LEVELS = {"reference_share": "the reference\u2019s share"}
# Quantities that name what they are of: var_seed, se_item x seed.
_OF = {"var_": "variance of", "share_": "share of", "se_": "standard error over"}


def word(name: str, quantity: str) -> str:
    """Return a quantity of an analysis in words; those told together have the same words.

    >>> word("variance_components", "se_item x seed"), word("code_metrics", "pass@5")
    ('standard error over item \u00d7 seed', 'pass@5')
    >>> word("irt", "control_reliability"), word("irt", "information@-2")
    ('reliability of shuffled answers', 'information')
    """
    if (name, quantity) in _OWN:
        return _OWN[name, quantity]
    for start, words in _OF.items():
        if quantity.startswith(start):
            return f"{words} {wording.crossed(quantity.removeprefix(start))}"
    if quantity.startswith("control_"):
        return f"{word(name, quantity.removeprefix('control_'))} of shuffled answers"
    if quantity.endswith("_vs_random"):
        return f"{word(name, quantity.removesuffix('_vs_random'))} beside random items"
    if quantity.startswith("information@"):
        return "information"
    if name == "timed_runs" and quantity.startswith("time_q"):
        return "quantiles of time over limit"
    if name in _BY_LEVEL and "@" in quantity and not quantity.startswith("eff@"):
        what, _ = quantity.split("@")
        return f"{_LEVELS.get(what, word(name, what))} by level"
    if quantity.endswith("_vs_mean"):
        return f"{word(name, quantity.removesuffix('_vs_mean'))} beside the mean of random items"
    return _WORDS.get(quantity, quantity.replace("_", " "))
