"""Signalling engines, one Recommendation each, sans I/O."""
