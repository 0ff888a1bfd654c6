"""Collecting evidence: programs run under limits, and what they took."""
