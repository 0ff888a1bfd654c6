"""Importing has no side effect and costs little."""

import subprocess
import sys

import evalvar


def loaded(code: str) -> set[str]:
    """Return the top-level modules that a fresh interpreter has after running the code."""
    script = f"{code}\nimport sys; print(*sorted({{m.split('.')[0] for m in sys.modules}}))"
    out = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return set(out.stdout.split())


def test_importing_the_package_loads_nothing_heavy():
    assert not loaded("import evalvar") & {"pandas", "numpy", "scipy", "matplotlib", "typer"}


def test_the_command_line_starts_without_the_library():
    heavy = {"pandas", "numpy", "scipy", "matplotlib", "statsmodels", "rich", "pyarrow"}
    assert not loaded("import evalvar.cli") & heavy


def test_loading_results_does_not_load_what_draws_or_fits():
    code = "import evalvar.adapters, evalvar.analyses.overview"
    assert not loaded(code) & {"matplotlib", "statsmodels", "typst", "lm_eval"}


def test_importing_changes_no_warning_filter():
    code = (
        "import warnings, msgspec, numpy, pandas, scipy.special, typer\n"
        "before = list(warnings.filters)\n"
        "import evalvar.adapters, evalvar.analyses.overview, evalvar.cli, evalvar.report\n"
        "assert warnings.filters == before"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_public_name_is_there():
    for name in evalvar.__all__:
        assert getattr(evalvar, name) is not None
    assert dir(evalvar) == sorted(evalvar.__all__)
