"""The nodes of one measurement."""
