"""The ways out, one file each. What they share is in `base`."""
