"""Accounts: loading, cookies, selection, probes."""
