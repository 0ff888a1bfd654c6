"""Measurements: speed beside the peers, coverage of the intervals, a study to show."""
