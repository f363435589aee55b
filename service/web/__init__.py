"""The web face: REST API and pages over the ledger, always a process of its own (see README.md)."""
