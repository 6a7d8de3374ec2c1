"""Classical methods as runs: fitted by scikit-learn, judged like a network, never stored."""
