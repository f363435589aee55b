"""What pages are given: values made of a document for the templates; nothing here reads a disk or a ledger."""
