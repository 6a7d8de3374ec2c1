"""The drawings of a report, one kind a file, all on the same canvas."""
