"""What a run has to show: the one-file page, its plots, and small pictures in the terminal.

Everything is drawn from a run's files; no model, no data set and no framework is loaded.
"""
