"""Writes sessions as files that other programs open. Start at core/export/export.py."""
