"""Networks by name: PyTorch modules for any picture size, channel count and class count."""
