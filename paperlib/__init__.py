"""A companion to "thin the data, train faster": models, selection, two-phase training, study.

One way through: Dataset -> autoencoder -> embeddings -> indices -> Run -> record -> figure.
"""

__version__ = "0.1.0"
