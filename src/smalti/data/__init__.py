"""Pictures and labels: built-in sets, arrays and folders become one :class:`Dataset`.

``from smalti.data.load import load_data`` is the door; nothing is imported here, so that listing
names and printing help stay fast.
"""
