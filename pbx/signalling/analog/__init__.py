"""Analog lines: subscriber lines (FXS), lines to another exchange (FXO), E&M tie lines."""
