"""Many runs: trained one after another into folders, and looked at together."""
