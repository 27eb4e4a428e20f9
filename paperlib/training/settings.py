"""How networks are trained, whatever their steps: the defaults are the paper's."""

from dataclasses import dataclass

from paperlib import models

LEARNING_RATE = 0.1  # for the classifier in both phases, and for the autoencoder


@dataclass(frozen=True)
class ClassifierSettings:
    """How a classifier is trained, whatever its phases. The defaults are the paper's; see `train_classifier`."""

    batch: int = 1024
    learning_rate: float = LEARNING_RATE
    image_size: int = 24
    weight_decay: float = models.WEIGHT_DECAY
    standardize_by: str = "deviation"
    clip: bool = False
    rate_steps: int | None = None
    order: str = "shuffled"
    decay: float = 0.9999
    feed: str = "resident"
    precision: str = "auto"
    seed: int = 0


DEFAULT_SETTINGS = ClassifierSettings()


@dataclass(frozen=True)
class AutoencoderSettings:
    """How an autoencoder is trained, whatever its steps. The defaults are the paper's; see `train_autoencoder`."""

    embedding_size: int = 216
    batch: int = 1024
    learning_rate: float = LEARNING_RATE
    momentum: float = 0.9
    image_size: int = 24
    last_activation: str = "relu"
    objective: str = "reconstruction"
    feed: str = "resident"
    precision: str = "auto"
    seed: int = 0


def check_positive(**values: float | None) -> None:
    for name, value in values.items():
        if value is not None and not value > 0:  # NaN is not
            raise ValueError(f"{name} is {value}: expected more than 0")
