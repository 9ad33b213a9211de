"""Benchmarks: figures that the exchange states of itself, each beside the best known, measured in the same run."""
