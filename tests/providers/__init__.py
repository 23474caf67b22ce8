"""Each adapter against what is peculiar to its upstream; what all of them promise stands in the conformance suite."""
