"""Training as Keras' and TensorFlow's tutorials do it: python -m benchmarks.training_keras BATCH STEPS"""

import json
import sys
import time

import keras
import tensorflow as tf
from keras import layers

from benchmarks.images import images, images_per_second

batch, steps = map(int, sys.argv[1:])


def augment(image, label):
    image = tf.cast(image, tf.float32)
    image = tf.image.random_crop(image, (24, 24, 3))
    image = tf.image.random_flip_left_right(image)
    image = tf.image.random_brightness(image, 63.0)
    image = tf.image.random_contrast(image, 0.2, 1.8)
    return tf.image.per_image_standardization(image), label


samples = (
    tf.data.Dataset.from_tensor_slices(images())
    .shuffle(10_000)
    .repeat()
    .map(augment, num_parallel_calls=tf.data.AUTOTUNE)
    .batch(batch)
    .prefetch(tf.data.AUTOTUNE)
)
decay = keras.regularizers.L2(0.002)
model = keras.Sequential(
    [
        keras.Input((24, 24, 3)),
        layers.Conv2D(64, 5, padding="same", activation="relu"),
        layers.MaxPooling2D(3, 2, padding="same"),
        layers.BatchNormalization(),
        layers.Conv2D(64, 5, padding="same", activation="relu"),
        layers.BatchNormalization(),
        layers.MaxPooling2D(3, 2, padding="same"),
        layers.Flatten(),
        layers.Dense(384, activation="relu", kernel_regularizer=decay),
        layers.Dense(192, activation="relu", kernel_regularizer=decay),
        layers.Dense(10),
    ]
)
model.compile(
    keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.9999),
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
)
ended = []
clock = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: ended.append(time.perf_counter()))
model.fit(samples, steps_per_epoch=steps, epochs=1, verbose=0, callbacks=[clock])
print(json.dumps({"images_per_s": images_per_second(ended, batch)}))
