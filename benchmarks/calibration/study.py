"""All families of cells, run two at a time, each kept on disk when it is done."""

import csv
import hashlib
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import astuple, fields
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmarks.calibration import (
    clusters,
    code,
    curves,
    framings,
    items,
    latent,
    many,
    means,
    pairs,
    proportions,
    real,
    recipes,
    seeds,
    sizes,
    spreads,
    subsets,
    training,
    unpaired,
)
from benchmarks.calibration.cells import SEED, Effort, Row

Family = Callable[[Effort], Iterator[Row]]
_SEEDS = seeds.SEEDS

# In the order of the page.
FAMILIES: dict[str, Family] = {
    "proportions": proportions.proportions,
    "bounded means": means.bounded_means,
    "pass@k": means.passes,
    "skewed means": means.skewed_means,
    "binary pairs": pairs.binary_pairs,
    "numeric pairs": pairs.numeric_pairs,
    "near copies": pairs.near_copies,
    "unpaired": unpaired.unpaired,
    **{f"clusters, {c}": partial(clusters.binary_clusters, count=c) for c in clusters.COUNTS},
    "clusters, normal": clusters.normal_clusters,
    "clusters, differences": clusters.clustered_differences,
    **{f"crossed means, {s} seeds": partial(seeds.crossed_means, seeds=s) for s in _SEEDS},
    **{f"crossed differences, {s} seeds": partial(seeds.crossed_differences, seeds=s)
       for s in _SEEDS},
    **{f"crossed copies, {s} seeds": partial(seeds.near_copies, seeds=s) for s in _SEEDS},
    **{f"{m} models at once": partial(many.at_once, models=m) for m in many.MODELS},
    "models at once over seeds": many.at_once_over_seeds,
    **{f"variance components, {s} seeds": partial(spreads.components, seeds=s) for s in _SEEDS},
    "seed spreads": spreads.seed_spreads,
    "training curves": curves.training_curves,
    "training runs": training.training_runs,
    "items": items.items,
    "item curves": latent.item_curves,
    "framings": framings.framings,
    "real tables": real.real_tables,
    "binary tests": sizes.binary_tests,
    "numeric tests": sizes.numeric_tests,
    "gates": sizes.gates,
    "earlier runs": spreads.earlier_runs,
    "shorter benchmarks": subsets.shorter_benchmarks,
    "telling recipes apart": recipes.recipes,
    "code": code.code,
}  # fmt: skip
# What takes longest starts first, so that both processes end together.
_LONG = ("10 models", "bounded", "numeric pairs", "pass", "binary pairs", "crossed", "skewed")


def run(names: Iterable[str], share: float, kept: Path, workers: int = 2) -> list[Row]:
    """Measure families, or read what an earlier run left of the same code and effort."""
    kept.mkdir(parents=True, exist_ok=True)
    names = list(names)
    if "real tables" in names and not real.DATA.exists():
        names.remove("real tables")
        print(f"real tables: left out, {real.DATA} is not there", flush=True)
    paths = {name: kept / f"{_digest(name, share)}.csv" for name in names}
    missing = [name for name in names if not paths[name].exists()]
    missing.sort(key=lambda name: not name.startswith(_LONG))
    print(f"{len(names) - len(missing)} of {len(names)} families are there already", flush=True)
    with ProcessPoolExecutor(max_workers=workers) as pool:
        waiting = {pool.submit(measure, name, share): name for name in missing}
        for done in as_completed(waiting):
            rows, seconds = done.result()
            write(rows, paths[waiting[done]])
            print(f"{waiting[done]}: {len(rows)} figures, {seconds:.0f} CPU s", flush=True)
    return [row for name in names for row in read(paths[name])]


def measure(name: str, share: float) -> tuple[list[Row], float]:
    """Measure one family."""
    start = time.process_time()
    return list(FAMILIES[name](Effort(share))), time.process_time() - start


def write(rows: Iterable[Row], path: Path, digits: int = 12) -> None:
    """Write the cells as CSV, whole or not at all; nothing where a figure does not apply."""
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow([field.name for field in fields(Row)])
        for row in rows:
            table.writerow([_short(value, digits) for value in astuple(row)])
    part.replace(path)


def read(path: Path) -> list[Row]:
    """Read what `write` wrote."""
    kinds = {field.name: field.type for field in fields(Row)}
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Row(**{key: _long(text, kinds[key]) for key, text in line.items()})
            for line in csv.DictReader(file)
        ]


def _long(text: str, kind: Any) -> Any:
    return kind(text) if text or kind is str else float("nan")


def _short(value: Any, digits: int) -> Any:
    if not isinstance(value, float):
        return value
    return "" if value != value else f"{value:.{digits}g}"


def _digest(name: str, share: float) -> str:
    """Name a family's file by its code: a changed method is measured again."""
    family = FAMILIES[name]
    function = family.func if isinstance(family, partial) else family
    code = hashlib.sha256(f"{name} {share} {SEED}".encode())
    for module in sorted(_modules(sys.modules[function.__module__], set())):
        code.update(Path(sys.modules[module].__file__ or "").read_bytes())
    return f"{name.replace(' ', '-')}-{code.hexdigest()[:12]}"


def _modules(module: ModuleType, seen: set[str]) -> set[str]:
    """Collect the modules of ours that this one uses, and those that they use."""
    if module.__name__ in seen:
        return seen
    seen.add(module.__name__)
    for value in vars(module).values():
        name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", "")
        if isinstance(name, str) and name.startswith(("benchmarks.calibration.", "evalvar.")):
            _modules(sys.modules[name], seen)
    return seen
