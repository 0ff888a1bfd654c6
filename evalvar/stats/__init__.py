"""Arrays in, numbers out: one family of estimators a file."""

from evalvar.stats.agreement import churn, cohen_kappa, fleiss_kappa, mean_kappa
from evalvar.stats.allocation import Allocation, Costs, cheapest
from evalvar.stats.anchors import anchor_subset
from evalvar.stats.attenuation import clear_tau, item_covariance, kendall_tau_ci
from evalvar.stats.axes import difference_over
from evalvar.stats.bayesn import bayes_at_n
from evalvar.stats.binomial import midp_interval
from evalvar.stats.cautions import (
    cluster_cautions,
    difference_cautions,
    seed_cautions,
    skew_cautions,
)
from evalvar.stats.clustered import clustered_mean_ci
from evalvar.stats.components import Components
from evalvar.stats.consensus import consensus_at_k
from evalvar.stats.correlation import pearson_ci
from evalvar.stats.crossed import crossed_difference_ci, crossed_mean_ci
from evalvar.stats.crossing import Crossing, chosen_crossing, crossings, crossover_ci
from evalvar.stats.data_map import DataMap, data_map
from evalvar.stats.decisions import Decisions, decision_accuracy
from evalvar.stats.dif import Dif, mantel_haenszel_dif
from evalvar.stats.difference_noise import PilotNoise, pilot_noise
from evalvar.stats.dispersion import mean_difference, model_spread, spread_to_noise
from evalvar.stats.drift import kendall_tau_drift_sd, trend_test
from evalvar.stats.effect import detectable, probability_above
from evalvar.stats.efficiency import efficiency, level_scores, level_shares, time_limit
from evalvar.stats.effk import eff_at_k, order_weights
from evalvar.stats.estimate import Estimate
from evalvar.stats.fixed_items import fixed_items_ci, fixed_items_difference
from evalvar.stats.halves import (
    random_halves,
    split_stability,
    weak_strong_halves,
    weak_strong_stability,
)
from evalvar.stats.held_out import held_out_mean
from evalvar.stats.history import change_ci, drop_limit
from evalvar.stats.hodges_lehmann import hodges_lehmann
from evalvar.stats.irt import IrtFit, fit_irt
from evalvar.stats.irt_ability import Ability, ability
from evalvar.stats.irt_control import binarised, shuffled
from evalvar.stats.irt_items import item_information
from evalvar.stats.irt_tests import ItemFit, ItemSlope, item_fit, item_slope
from evalvar.stats.item_flags import falling_p, repeats_p, same_columns
from evalvar.stats.item_noise import item_half_width, one_run_half_width
from evalvar.stats.item_statistics import (
    ItemStatistics,
    additive_effects,
    item_statistics,
    rest_scores,
)
from evalvar.stats.joint import Joint, macro_joint
from evalvar.stats.length import spearman_brown, spearman_brown_length
from evalvar.stats.luck import expected_best, normal_best
from evalvar.stats.macro import macro_difference_ci, weighted_mean
from evalvar.stats.majority import g_pass_at_k, maj_at_k, mg_pass_at_k
from evalvar.stats.margins import MarginTest, equivalence, non_inferiority, superiority
from evalvar.stats.mean import (
    bounded_mean_ci,
    bounded_mean_interval,
    mean_ci,
)
from evalvar.stats.mean_ratio import ratio_of_means
from evalvar.stats.mean_tau import mean_tau_ci, mean_tau_difference_ci
from evalvar.stats.monotonicity import kendall_tau, kendall_tau_null_sd, rise_share, spearman
from evalvar.stats.noise import NoiseSplit, clustered_se, noise_split, sign_test_se
from evalvar.stats.omega import mcdonald_omega
from evalvar.stats.onset import Onset, clear_from
from evalvar.stats.outliers import Outliers, outliers
from evalvar.stats.paired import mcnemar, paired_t
from evalvar.stats.paired_proportions import agresti_min, bonett_price, newcombe, tango
from evalvar.stats.pairs import Pairs, all_pairs, mcnemar_many, sparse_t_pairs
from evalvar.stats.passk import mean_pass_at_k, pass_at_k, pass_hat_k
from evalvar.stats.permutation import sign_flip
from evalvar.stats.phases import PhaseModel, Phases, fit_phases
from evalvar.stats.planning import DifferenceNoise, Sizes, design_detectable, design_power, needed
from evalvar.stats.power import NoisePart, detectable_difference, difference_power
from evalvar.stats.power_formulas import (
    answer_variance,
    connor_items,
    design_effect,
    miller_detectable,
    miller_items,
    miller_power,
)
from evalvar.stats.prompt_fill import fill_prompts
from evalvar.stats.proportion import (
    binomial_half_width,
    clopper_pearson,
    jeffreys,
    midp,
    wilson,
)
from evalvar.stats.pruning import Pruned, prune
from evalvar.stats.rank_pairs import RankAgreement, mean_rank_agreement, rank_agreement
from evalvar.stats.ranks import (
    midranks,
    order_chance,
    rank_distribution,
    rank_sets,
    rank_shares,
    tie_runs,
)
from evalvar.stats.relative import (
    relative_noise,
    relative_range,
    relative_snr,
    strict_decision_accuracy,
)
from evalvar.stats.reliability import alpha_without_each, cronbach_alpha, measurement_error
from evalvar.stats.resample import bootstrap, joint_bootstrap
from evalvar.stats.resampled import resampled_difference_ci
from evalvar.stats.restricted_mean import restricted_mean, restricted_mean_ratio
from evalvar.stats.rising import first_above, isotonic_fit, isotonic_r2, net_step, step_length
from evalvar.stats.run_distance import TotalVariation, total_variation
from evalvar.stats.run_noise import (
    Noise,
    pooled_noise,
    seed_noise,
    step_noise,
)
from evalvar.stats.runs import RunVariance, calibrated_run_variance, run_variance
from evalvar.stats.saddlepoint import bootstrap_mean_ci
from evalvar.stats.sd_ratio import mean_sd_ratio_ci, sd_ratio_ci, snr_ratio_ci
from evalvar.stats.signal import signal_to_noise
from evalvar.stats.simultaneous import max_t
from evalvar.stats.skewed import skewed_mean_ci
from evalvar.stats.smoothing import last_noise, last_noise_detrended, last_ratio, smoothing_gain
from evalvar.stats.sparse import SparseT, sparse_t, sparse_t_counts, sparse_t_many
from evalvar.stats.spread import (
    c4,
    mean_sd,
    mean_sd_of_models,
    pooled_sd,
    sd_ci,
    unbiased_sd_ci,
)
from evalvar.stats.subset_estimators import (
    control_variate,
    gp_irt,
    gp_irt_share,
    p_irt,
    regression_scores,
)
from evalvar.stats.subsets import (
    Subset,
    allocate,
    balance_weights,
    difficulty_strata,
    diverse_subset,
    information_subset,
    random_subset,
    stratified_subset,
)
from evalvar.stats.survival import LogRank, log_rank, survival_curve
from evalvar.stats.templates import PromptSpread, best_prompt_bias, kendall_w, prompt_spread
from evalvar.stats.timing_noise import retimed_scores
from evalvar.stats.try_noise import best_of_k_variance
from evalvar.stats.unpaired import independent_proportions, unpaired_difference_ci, welch
from evalvar.stats.variance import mean_variance, variance_components

__all__ = [
    "Ability",
    "Allocation",
    "Components",
    "Costs",
    "Crossing",
    "DataMap",
    "Decisions",
    "Dif",
    "DifferenceNoise",
    "Estimate",
    "IrtFit",
    "ItemFit",
    "ItemSlope",
    "ItemStatistics",
    "Joint",
    "LogRank",
    "MarginTest",
    "Noise",
    "NoisePart",
    "NoiseSplit",
    "Onset",
    "Outliers",
    "Pairs",
    "PhaseModel",
    "Phases",
    "PilotNoise",
    "PromptSpread",
    "Pruned",
    "RankAgreement",
    "RunVariance",
    "Sizes",
    "SparseT",
    "Subset",
    "TotalVariation",
    "ability",
    "additive_effects",
    "agresti_min",
    "all_pairs",
    "allocate",
    "alpha_without_each",
    "anchor_subset",
    "answer_variance",
    "balance_weights",
    "bayes_at_n",
    "best_of_k_variance",
    "best_prompt_bias",
    "binarised",
    "binomial_half_width",
    "bonett_price",
    "bootstrap",
    "bootstrap_mean_ci",
    "bounded_mean_ci",
    "bounded_mean_interval",
    "c4",
    "calibrated_run_variance",
    "change_ci",
    "cheapest",
    "chosen_crossing",
    "churn",
    "clear_from",
    "clear_tau",
    "clopper_pearson",
    "cluster_cautions",
    "clustered_mean_ci",
    "clustered_se",
    "cohen_kappa",
    "connor_items",
    "consensus_at_k",
    "control_variate",
    "cronbach_alpha",
    "crossed_difference_ci",
    "crossed_mean_ci",
    "crossings",
    "crossover_ci",
    "data_map",
    "decision_accuracy",
    "design_detectable",
    "design_effect",
    "design_power",
    "detectable",
    "detectable_difference",
    "difference_cautions",
    "difference_over",
    "difference_power",
    "difficulty_strata",
    "diverse_subset",
    "drop_limit",
    "eff_at_k",
    "efficiency",
    "equivalence",
    "expected_best",
    "falling_p",
    "fill_prompts",
    "first_above",
    "fit_irt",
    "fit_phases",
    "fixed_items_ci",
    "fixed_items_difference",
    "fleiss_kappa",
    "g_pass_at_k",
    "gp_irt",
    "gp_irt_share",
    "held_out_mean",
    "hodges_lehmann",
    "independent_proportions",
    "information_subset",
    "isotonic_fit",
    "isotonic_r2",
    "item_covariance",
    "item_fit",
    "item_half_width",
    "item_information",
    "item_slope",
    "item_statistics",
    "jeffreys",
    "joint_bootstrap",
    "kendall_tau",
    "kendall_tau_ci",
    "kendall_tau_drift_sd",
    "kendall_tau_null_sd",
    "kendall_w",
    "last_noise",
    "last_noise_detrended",
    "last_ratio",
    "level_scores",
    "level_shares",
    "log_rank",
    "macro_difference_ci",
    "macro_joint",
    "maj_at_k",
    "mantel_haenszel_dif",
    "max_t",
    "mcdonald_omega",
    "mcnemar",
    "mcnemar_many",
    "mean_ci",
    "mean_difference",
    "mean_kappa",
    "mean_pass_at_k",
    "mean_rank_agreement",
    "mean_sd",
    "mean_sd_of_models",
    "mean_sd_ratio_ci",
    "mean_tau_ci",
    "mean_tau_difference_ci",
    "mean_variance",
    "measurement_error",
    "mg_pass_at_k",
    "midp",
    "midp_interval",
    "midranks",
    "miller_detectable",
    "miller_items",
    "miller_power",
    "model_spread",
    "needed",
    "net_step",
    "newcombe",
    "noise_split",
    "non_inferiority",
    "normal_best",
    "one_run_half_width",
    "order_chance",
    "order_weights",
    "outliers",
    "p_irt",
    "paired_t",
    "pass_at_k",
    "pass_hat_k",
    "pearson_ci",
    "pilot_noise",
    "pooled_noise",
    "pooled_sd",
    "probability_above",
    "prompt_spread",
    "prune",
    "random_halves",
    "random_subset",
    "rank_agreement",
    "rank_distribution",
    "rank_sets",
    "rank_shares",
    "ratio_of_means",
    "regression_scores",
    "relative_noise",
    "relative_range",
    "relative_snr",
    "repeats_p",
    "resampled_difference_ci",
    "rest_scores",
    "restricted_mean",
    "restricted_mean_ratio",
    "retimed_scores",
    "rise_share",
    "run_variance",
    "same_columns",
    "sd_ci",
    "sd_ratio_ci",
    "seed_cautions",
    "seed_noise",
    "shuffled",
    "sign_flip",
    "sign_test_se",
    "signal_to_noise",
    "skew_cautions",
    "skewed_mean_ci",
    "smoothing_gain",
    "snr_ratio_ci",
    "sparse_t",
    "sparse_t_counts",
    "sparse_t_many",
    "sparse_t_pairs",
    "spearman",
    "spearman_brown",
    "spearman_brown_length",
    "split_stability",
    "spread_to_noise",
    "step_length",
    "step_noise",
    "stratified_subset",
    "strict_decision_accuracy",
    "superiority",
    "survival_curve",
    "tango",
    "tie_runs",
    "time_limit",
    "total_variation",
    "trend_test",
    "unbiased_sd_ci",
    "unpaired_difference_ci",
    "variance_components",
    "weak_strong_halves",
    "weak_strong_stability",
    "weighted_mean",
    "welch",
    "wilson",
]
