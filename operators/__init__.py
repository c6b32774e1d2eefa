"""The mathematics and the devices of Panodora, free of dora."""
