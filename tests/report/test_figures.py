import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from evalvar.errors import UsageError
from evalvar.report import figures
from tests.report import report_samples as samples
from tests.report import study_samples as study
from tests.report import timing_samples


@pytest.mark.parametrize(
    ("draw", "make"),
    [
        (figures.seed_curves, samples.checkpoints),
        (figures.differences, samples.compare),
        (figures.score_intervals, samples.summary),
        (figures.pass_curves, samples.code_metrics),
        (figures.framing_curves, study.framing),
        (figures.decision_curves, study.signal),
        (figures.item_scatter, study.items),
        (figures.pruning_curve, study.items),
        (figures.subset_error, study.subset),
        (figures.efficiency_curves, timing_samples.tries),
        (figures.level_profile, timing_samples.timed_runs),
        (figures.problem_strips, timing_samples.timed_runs),
        (figures.run_times, timing_samples.timed_runs),
    ],
)
@pytest.mark.parametrize("width", [690, 336])
def test_public_figures_draw_a_result(draw, make, width, tmp_path):
    figure = draw(make(), width=width)
    assert isinstance(figure, Figure)
    assert figure.get_size_inches()[0] * 72 == pytest.approx(width)
    figure.savefig(tmp_path / "figure.pdf")
    figure.savefig(tmp_path / "figure.png")


def test_nothing_to_draw_says_what_is_needed():
    with pytest.raises(
        UsageError, match=r"there is nothing to draw: no metric with two checkpoints"
    ):
        figures.seed_curves(samples.compare())
    for draw, needed in (
        (figures.framing_curves, r"framing\(\)"), (figures.decision_curves, r"signal\(\)"),
        (figures.item_scatter, r"items\(\)"), (figures.pruning_curve, r"items\(\)"),
        (figures.subset_error, r"subset\(\)"), (figures.efficiency_curves, r"code_metrics\(\)"),
        (figures.level_profile, r"timed_runs\(\)"), (figures.run_times, r"timed_runs\(\)"),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=needed):
            draw(samples.compare())


def test_words_stay_inside_the_drawing():
    models = ("a-very-long-model-name-with-many-parts-instruct-v0.1-2024-09-12-chat", "b", "c")
    for width in (690, 336):
        figure = figures.differences(samples.compare(models=models), width=width)
        renderer = FigureCanvasAgg(figure).get_renderer()
        for axes in figure.axes:
            for text in axes.texts:
                box = text.get_window_extent(renderer)
                assert box.x0 >= -1
                assert box.x1 <= width + 1


def test_pyplot_is_never_loaded():
    import subprocess
    import sys

    code = (
        "import sys; from evalvar.report import figures;"
        "from tests.report import report_samples as s;"
        "figures.differences(s.compare()); assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_figure_of_what_is_no_result_is_refused_and_figures_can_be_found():
    with pytest.raises(UsageError, match=r"a figure is of results, .* but found int"):
        figures.pass_curves(3)
    with pytest.raises(UsageError, match="but found str"):
        figures.pass_curves(["a"])
    assert dir(figures) == sorted(figures.__all__)
