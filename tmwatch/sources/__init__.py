"""The registers: one folder per office, one module per channel. `registry` finds them all."""
