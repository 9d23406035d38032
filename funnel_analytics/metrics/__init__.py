"""One module per question: an open warehouse in, a `Result` out."""
