"""What Easel promises on every host, and what a host does not let it: one suite, and the table in the README."""
