"""Draws scenes with ModernGL. Knows meshes, not networks and not widgets."""
