"""What goes wrong and what to change: rules over numbers, the same for every place that speaks.

Training says them at its end, ``smalti report`` on its page, ``smalti doctor`` when asked.
"""
