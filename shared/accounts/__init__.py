"""Accounts: which ones exist, how healthy they are, and which one serves the next submit."""

from __future__ import annotations

from shared.accounts.selection import AccountLease, AccountPool, AccountStatus, fingerprint

__all__ = ["AccountLease", "AccountPool", "AccountStatus", "fingerprint"]
