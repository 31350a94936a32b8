"""Measures of a reconstruction, each with its definition and a test of a known answer."""
