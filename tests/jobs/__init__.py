"""Job ids, idempotency, waiting."""
