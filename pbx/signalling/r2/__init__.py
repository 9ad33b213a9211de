"""Register and line signalling of the R2 family (Q.400-Q.490); China No.1 is its first variant."""
