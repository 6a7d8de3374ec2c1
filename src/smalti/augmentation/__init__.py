"""Random changes of training pictures, batched, on the device where the pictures are.

All random numbers come from one generator on the CPU, so that the draws are the same wherever the
pictures are.
"""

from smalti.augmentation.moving import affine
from smalti.augmentation.policy import Augment, make
from smalti.augmentation.shifting import mirror

__all__ = ["Augment", "affine", "make", "mirror"]
