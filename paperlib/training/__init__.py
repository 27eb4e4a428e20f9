"""The paper's training: the autoencoder (Section IV-B) and the two-phase loop of the classifier (Section IV-D)."""

from paperlib.training.autoencoder import Autoencoder as Autoencoder
from paperlib.training.autoencoder import train_autoencoder as train_autoencoder
from paperlib.training.autoencoder import train_autoencoders as train_autoencoders
from paperlib.training.classifier import Training as Training
from paperlib.training.classifier import split_steps as split_steps
from paperlib.training.classifier import train_classifier as train_classifier
from paperlib.training.classifier import train_classifiers as train_classifiers
from paperlib.training.loop import DivergedError as DivergedError
from paperlib.training.prediction import center_crops as center_crops
from paperlib.training.prediction import embed as embed
from paperlib.training.prediction import predict as predict
from paperlib.training.prediction import reproduce as reproduce
from paperlib.training.settings import LEARNING_RATE as LEARNING_RATE
from paperlib.training.settings import AutoencoderSettings as AutoencoderSettings
from paperlib.training.settings import ClassifierSettings as ClassifierSettings
