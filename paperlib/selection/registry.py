"""All that is known of each method, in one place: a new method is a function and an entry here."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from paperlib.selection import activations, coverage, dispersion, herding, sampling, submodular


@dataclass(frozen=True)
class Method:
    """A method of selection.

    Attributes
    ----------
    function
        `function(embeddings, k, *, labels, seed, **options) -> indices (k,)`.
    label : str
        What readers call it.
    color, marker : str
        How pictures draw it; of Okabe and Ito's palette and grey.
    draws : bool
        Whether it draws, so that the seed matters without ties, too.
    needs_labels : bool
    uses_embeddings : bool
        Whether it looks at the embeddings' values, not only at how many there are.
    chunked : bool
        Whether it takes a `dask.array`.
    label_options : tuple of str
        Its options that look at labels.
    needs_package : str
        A library that it needs besides NumPy, as it is imported; "" for none.
    study_options : mapping
        The options that it has in the study, where they differ from its own defaults.
    """

    function: Callable[..., Any]
    label: str
    color: str
    marker: str
    draws: bool = False
    needs_labels: bool = False
    uses_embeddings: bool = True
    chunked: bool = False
    label_options: tuple[str, ...] = ()
    needs_package: str = ""
    study_options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def options(self) -> dict[str, Any]:
        """The method's own options and their defaults."""
        parameters = inspect.signature(self.function).parameters
        common = ("embeddings", "k", "labels", "seed", "ties")
        return {name: parameter.default for name, parameter in parameters.items() if name not in common}

    @property
    def breaks_ties(self) -> bool:
        return "ties" in inspect.signature(self.function).parameters


REGISTRY: Mapping[str, Method] = MappingProxyType(
    {
        method.name: method
        for method in (
            Method(sampling.random, "random", "#000000", "o", draws=True, uses_embeddings=False, chunked=True),
            Method(
                sampling.random_balanced,
                "balanced random",
                "#999999",
                "^",
                draws=True,
                needs_labels=True,
                uses_embeddings=False,
                chunked=True,
            ),
            Method(
                activations.top_activations, "eq. 4", "#D55E00", "o", chunked=True, label_options=("quota_per_class",)
            ),
            Method(dispersion.max_dispersion, "max-sum dispersion (eq. 3)", "#CC79A7", "D"),
            Method(coverage.k_center, "k-center", "#56B4E9", "s"),
            Method(coverage.k_means, "k-means", "#0072B2", "v", draws=True),
            Method(herding.herding, "herding", "#009E73", "P"),
            Method(
                submodular.facility_location,
                "facility location",
                "#8C510A",
                "X",
                label_options=("by_class",),
                needs_package="apricot",
                study_options=MappingProxyType({"by_class": True}),  # over all of CIFAR-10, similarities are 20 GB
            ),
            Method(
                submodular.feature_based,
                "feature-based",
                "#B8A600",
                "*",
                needs_package="apricot",
                study_options=MappingProxyType({"from_lowest": True}),  # the autoencoder's embeddings are normalized
            ),
        )
    }
)

# What readers call the options that set a variant apart; the others go without saying.
OPTION_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "by_class": "by class",
        "penalty": "penalty",
        "pairs": "pairs of elements",
        "pca": "after PCA",
        "quota_per_class": "the same of each class",
    }
)


def label(method: str, options: Mapping[str, Any]) -> str:
    """Return what readers call a method with these options."""
    shown = [OPTION_LABELS[option] for option in options if option in OPTION_LABELS]
    return ", ".join([REGISTRY[method].label, *shown])
