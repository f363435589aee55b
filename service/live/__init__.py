"""What the service is doing at this moment, for whoever looks on: a note in the ledger, never a second truth."""
