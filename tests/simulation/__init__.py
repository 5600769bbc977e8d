"""A market under seeded faults, silent and hostile parties; every seed replays byte for byte."""
