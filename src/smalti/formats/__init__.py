"""Writers of files that other programs read, each with its parity gate."""
