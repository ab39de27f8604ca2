"""A wider network that begins with what a narrower one has learned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["widened"]


def widened(fresh: Sequence[np.ndarray], learned: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Weights of a wide network that computes what a narrow one does.

    The channels that are new start at random and reach none of the old ones,
    so the answers stay the same until training connects them. After Chen,
    Goodfellow and Shlens, "Net2Net" (2016), without copies of channels.

    Parameters
    ----------
    fresh : sequence of ndarray
        Weights of the wide network as initialized, kernels and vectors in the
        order of its layers.
    learned : sequence of ndarray
        Weights of the narrow network, the same layers.

    Returns
    -------
    list of ndarray
        In the shapes of `fresh`.

    Raises
    ------
    ValueError
        The two are not the same layers, or one of `learned` is the wider.
    """
    if [one.ndim for one in fresh] != [one.ndim for one in learned]:
        raise ValueError("the two networks have other layers")
    result = []
    wide = narrow = 1
    for new, old in zip(fresh, learned):
        if any(a < b for a, b in zip(new.shape, old.shape)):
            raise ValueError("a layer of the narrow network is the wider")
        if new.ndim == 1:
            result.append(np.concatenate([old, new[len(old) :]]))
            continue
        result.append(_widened_kernel(new, old, wide, narrow))
        wide, narrow = new.shape[-1], old.shape[-1]
    return result


def _widened_kernel(new: np.ndarray, old: np.ndarray, wide: int, narrow: int) -> np.ndarray:
    """A kernel whose inputs are `wide` channels where the old one's were `narrow`."""
    # Rows of a dense layer behind a flattened image run over places, then channels.
    kernel = new.reshape(-1, wide, new.shape[-1]).copy()
    known = old.reshape(-1, narrow, old.shape[-1])
    if len(kernel) != len(known):
        raise ValueError("kernels of other sizes")
    kernel[:, narrow:, : known.shape[-1]] = 0
    kernel[:, :narrow, : known.shape[-1]] = known
    return kernel.reshape(new.shape)
