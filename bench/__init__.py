"""What is claimed, measured: every figure of the README comes from here."""
