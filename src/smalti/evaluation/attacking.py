"""The worst small change instead of a random one: what an opponent who knows the network can do.

FGSM: Goodfellow et al., "Explaining and Harnessing Adversarial Examples" (ICLR 2015), one step.
PGD: Madry et al., "Towards Deep Learning Models Resistant to Adversarial Attacks" (ICLR 2018), many
small steps from a random place. Both may change each value of a picture by ``epsilon`` at most (of
255). What counts as found is a picture that could be stored: whole values from 0 to 255.
"""

from __future__ import annotations

import numpy as np
import torch

from smalti.classifier.native import NativeClassifier
from smalti.robustness import Attacked, Attacks, Share

EPSILONS = (1, 2, 4, 8, 16, 32)

STEPS = 10

_STEP = 2.5 / STEPS
"""Of epsilon: together the steps reach two and a half times as far as they may go."""

_BATCH = 100
_PIXELS_A_BATCH = 2**17


def attack(
    classifier: NativeClassifier, pictures: np.ndarray, labels: np.ndarray, seed: int = 0
) -> Attacks:
    """Return how many of the pictures (uint8 N×H×W×C) a network still gets right under attack.

    A picture that PGD turned within a smaller epsilon counts for larger ones too: the change is
    allowed there as well. So its curve never rises.
    """
    size = max(1, min(_BATCH, _PIXELS_A_BATCH // (pictures.shape[1] * pictures.shape[2])))
    random = torch.Generator().manual_seed(seed)
    found = [
        _attacked(classifier, pictures[start : start + size], labels[start : start + size], random)
        for start in range(0, len(pictures), size)
    ]
    clean, fgsm, pgd = (np.concatenate(parts, axis=-1) for parts in zip(*found, strict=True))
    return Attacks(
        n=len(pictures),
        clean=Share.of(clean),
        steps=STEPS,
        by_epsilon=tuple(
            Attacked(epsilon, Share.of(fgsm[place]), Share.of(pgd[place]))
            for place, epsilon in enumerate(EPSILONS)
        ),
    )


def _attacked(
    classifier: NativeClassifier, pictures: np.ndarray, labels: np.ndarray, random: torch.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return which are right as they are (n), under FGSM and under PGD (both epsilons×n)."""
    device = classifier.hardware.torch_device()
    given = torch.from_numpy(np.ascontiguousarray(pictures)).to(device).permute(0, 3, 1, 2).float()
    truth = torch.from_numpy(labels).to(device)
    right, gradient = _look(classifier, given, truth)
    fgsm, pgd = [], []
    left = right.clone()
    for epsilon in EPSILONS:
        moved = (given + epsilon * gradient.sign()).clamp(0, 255)
        fgsm.append(right & _is_right(classifier, moved, truth))
        rows = left.nonzero().squeeze(1)
        left[rows] = _withstands(classifier, given[rows], truth[rows], epsilon, random)
        pgd.append(left.clone())
    arrays = (right, torch.stack(fgsm), torch.stack(pgd))
    clean, one_step, many = (array.cpu().numpy() for array in arrays)
    return clean, one_step, many


def _withstands(
    classifier: NativeClassifier,
    given: torch.Tensor,
    truth: torch.Tensor,
    epsilon: int,
    random: torch.Generator,
) -> torch.Tensor:
    """Return which pictures PGD does not turn; those that it has turned are left alone."""
    low, high = (given - epsilon).clamp(min=0), (given + epsilon).clamp(max=255)
    drawn = torch.rand(given.shape, generator=random).to(given.device)
    moved = low + (high - low) * drawn
    standing = torch.arange(len(given), device=given.device)
    for _ in range(STEPS):
        if not len(standing):
            break
        right, gradient = _look(classifier, moved[standing].round(), truth[standing])
        standing, gradient = standing[right], gradient[right]
        step = _STEP * epsilon * gradient.sign()
        moved[standing] = (moved[standing] + step).clamp(low[standing], high[standing])
    withstood = torch.zeros(len(given), dtype=torch.bool, device=given.device)
    if len(standing):
        right = _is_right(classifier, moved[standing].round(), truth[standing])
        withstood[standing[right]] = True
    return withstood


def _look(
    classifier: NativeClassifier, pictures: torch.Tensor, truth: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return which pictures are right, and where each has to go to become wrong.

    The gradient is that of the log-odds against the truth. That of the cross-entropy points the
    same way, but vanishes in float32 where the network is very sure.
    """
    pictures = pictures.detach().requires_grad_()
    with torch.enable_grad():
        logits = classifier.answer(pictures)
        own = torch.nn.functional.one_hot(truth, logits.shape[1]).bool()
        odds = logits.masked_fill(own, -torch.inf).logsumexp(1) - logits[own]
        (gradient,) = torch.autograd.grad(odds.sum(), pictures)
    return logits.argmax(1) == truth, gradient.detach()


@torch.no_grad()
def _is_right(
    classifier: NativeClassifier, pictures: torch.Tensor, truth: torch.Tensor
) -> torch.Tensor:
    return classifier.answer(pictures).argmax(1) == truth
