"""Programs for other Python interpreters than the project's own; each is one file."""
