"""Recorded runs of a tiny language model."""
