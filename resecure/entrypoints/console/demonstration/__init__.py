"""The data of the demonstration: real organisations, invented people."""
