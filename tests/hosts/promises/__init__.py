"""The promises on every host, and those that a host cannot keep: one suite, and the table in docs/deploy/README.md."""
