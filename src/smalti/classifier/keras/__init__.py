"""Keras files that others made: checked, repaired and run in a process of their own.

Nothing of Keras is imported in smalti's own process. The parent's side is ``process``, ``scaling``
and ``classifier``; ``worker``, ``reading``, ``archive`` and ``hdf5`` run in the child.
"""
