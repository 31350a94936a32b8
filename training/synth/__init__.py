"""Synthetic pictures of rigs with exact truth."""
