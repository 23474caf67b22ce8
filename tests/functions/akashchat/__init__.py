"""AkashChat and AkashGen through all of Easel, with real clients, in all versions of the site."""
