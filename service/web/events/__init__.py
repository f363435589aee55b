"""Server-sent events: one look at the ledger for all who follow, and what differs from the look before."""
