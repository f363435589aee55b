"""Fusion: the only writer to the output."""
