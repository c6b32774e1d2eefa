"""The command line of Panodora."""
