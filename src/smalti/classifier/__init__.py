"""What has been trained, ready for use: one protocol, and what speaks it."""
