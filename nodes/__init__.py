"""One thin process a file: decode Arrow, call operators, send Arrow."""
