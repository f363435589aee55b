"""What is in the video: decoding, models, fusion and the document. Never imports `service`."""
