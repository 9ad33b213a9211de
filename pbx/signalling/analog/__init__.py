"""Analog lines: subscriber lines (FXS)."""
