"""Scoring of category models on clips."""
