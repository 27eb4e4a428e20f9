"""The study: which runs there are (profiles, plans, runs), their execution, and the records that they leave."""

from paperlib.study.execution import execute, replay
from paperlib.study.recorded import autoencoder, choose, embeddings, inputs, on_record, record_path

__all__ = ["autoencoder", "choose", "embeddings", "execute", "inputs", "on_record", "record_path", "replay"]
