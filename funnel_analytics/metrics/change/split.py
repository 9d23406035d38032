"""The exact split of a change into the parts of its factors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["split_change"]

Floats = NDArray[np.float64]


def split_change(before: Floats, after: Floats) -> Floats:
    """Which part of the change of a product does each of its factors have?

    Parameters
    ----------
    before, after
        The factors along the last axis; everything before it is taken one by one.

    Returns
    -------
    array
        A part per factor, of the shape of the arguments. Along the last axis the parts sum to
        the product after less the product before.

    Notes
    -----
    The Shapley value: what a factor changes when it goes from before to after, averaged over all
    orders in which the factors can go (Shapley 1953, Contributions to the Theory of Games II,
    307-317; Shorrocks 2013, J. Econ. Inequal. 11, 99-126). It is the integral of the factor's
    marginal product along the straight way from before to after (Owen 1972, Management Science
    18, 64-79), here a polynomial of degree F - 1 for F factors, which Gauss and Legendre's rule
    with F // 2 + 1 nodes integrates exactly: no sum over 2**F sets of factors.
    """
    factors = before.shape[-1]
    nodes, weights = np.polynomial.legendre.leggauss(factors // 2 + 1)
    parts = np.zeros(np.broadcast_shapes(before.shape, after.shape))
    for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        between = (1 - node) * before + node * after
        parts += weight * _product_of_others(between)
    return parts * (after - before)


def _product_of_others(factors: Floats) -> Floats:
    """For each factor the product of all others; no division, as factors may be 0."""
    left = np.ones_like(factors)
    left[..., 1:] = np.cumprod(factors[..., :-1], axis=-1)
    right = np.ones_like(factors)
    right[..., :-1] = np.cumprod(factors[..., :0:-1], axis=-1)[..., ::-1]
    return left * right
