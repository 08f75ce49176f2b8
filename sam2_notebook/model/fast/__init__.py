"""The network rearranged for CPUs: the same numbers by shorter ways, from the same parameters; see README.md."""
