"""What is done once a document is on disk: sources archived, a webhook told, what has grown old deleted."""
