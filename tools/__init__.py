"""Development and packaging: nothing here is part of a bundle, and nothing that is imports it."""
