"""What the README says in tables, in two languages: from the code, and from the texts in `texts/` beside it."""
