"""A page where the first step of a ladder is undefined says nothing of a leader."""

import pandas as pd

from evalvar.analyses.overview import overview
from evalvar.report import build, to_markdown


def test_models_without_shared_items_have_no_leader():
    asked = {"A": range(6), "B": range(6, 12), "C": range(12)}  # A and B share nothing
    right = {"A": 0, "B": 2, "C": 4}
    rows = [
        (model, "t", item, float(item % 6 >= right[model]))
        for model, items in asked.items()
        for item in items
    ]
    frame = pd.DataFrame(rows, columns=["model", "task", "item", "score"])
    page = to_markdown(build(overview(frame)))
    assert "A leads" not in page
    assert "B leads" not in page
