"""Jobs: submit once, poll, wait; their ids, and idempotency."""
