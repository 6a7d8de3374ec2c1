"""What a classifier looks at: heat maps over pictures."""
