"""Benchmarks. Each prints a figure beside its bound and its peer, measured in the same run."""
