"""Logs that other programs show, one module each; nothing here is imported unless asked for."""
