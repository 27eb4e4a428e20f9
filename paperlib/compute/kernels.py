"""Keras layers with faster or more exact kernels: for TensorFlow on CPUs, and max-pooling for JAX on GPUs.

Elsewhere they fall back to Keras' own. Weights, results and gradients are those of the layers that they replace
(`tests/compute/test_kernels.py`). Only this module imports TensorFlow, for operations that Keras does not offer.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import keras
from keras import layers, ops

from paperlib.compute import Tensor


def _on_tensorflow_cpu() -> bool:
    return keras.backend.backend() == "tensorflow" and on_processor()


def on_processor() -> bool:
    """Return True if there are only CPUs to compute on."""
    return all(device.startswith("cpu") for device in keras.distribution.list_devices())


def full_precision_matmul() -> AbstractContextManager[Any]:
    """Return a context in which JAX multiplies float32 numbers in full; by default, GPUs round them to 11 bits first.

    Under other backends it does nothing.
    """
    if keras.backend.backend() != "jax":
        return nullcontext()
    import jax

    return jax.default_matmul_precision("highest")


def release(variable: keras.Variable) -> None:
    """Free the memory of a Keras variable that nothing will read again.

    TensorFlow keeps every graph with custom gradients, such as those below, and all variables that the graph reads, for
    as long as the process lives. JAX frees what is unreachable, but some time later.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.raw_ops.AssignVariableOp(resource=variable.value.handle, value=tf.zeros(0, variable.dtype))
    if keras.backend.backend() == "jax":
        variable.value.delete()


class BatchNormalization(layers.BatchNormalization):
    """Batch normalization over the last axis of images (B, H, W, C), with one kernel in training.

    Keras composes it of some thirty elementwise operations, each of which reads and writes the whole tensor.
    """

    def call(self, inputs: Tensor, training: bool | None = None, mask: Tensor | None = None) -> Tensor:
        if not training or inputs.dtype == "float64" or not _on_tensorflow_cpu():  # it has no kernel for float64
            return super().call(inputs, training=training, mask=mask)
        import tensorflow as tf

        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs, ops.cast(self.gamma, "float32"), ops.cast(self.beta, "float32"), epsilon=self.epsilon
        )
        # The kernel's variance is the unbiased one; Keras averages the biased.
        count = ops.cast(ops.size(inputs) // inputs.shape[-1], "float32")
        for moving, batch in ((self.moving_mean, mean), (self.moving_variance, variance * (count - 1) / count)):
            moving.assign(moving * self.momentum + batch * (1 - self.momentum))
        return outputs


class Conv2D(layers.Conv2D):
    """A convolution of images (B, H, W, C), with a faster gradient for odd kernels, stride 1 and "same" padding.

    The gradient of the kernel is computed as a convolution too, whose channels are the batch: in bfloat16, oneDNN's
    forward kernel is faster than the kernel that it has for this gradient. That pays off with many channels.
    """

    def _is_plain(self) -> bool:
        whole = self.padding == "same" and self.data_format == "channels_last" and self.groups == 1 and self.use_bias
        return whole and all(n % 2 for n in self.kernel_size) and {*self.strides, *self.dilation_rate} == {1}

    def call(self, inputs: Tensor) -> Tensor:
        if inputs.dtype != "bfloat16" or not self._is_plain() or not _on_tensorflow_cpu():
            return super().call(inputs)
        import tensorflow as tf

        @tf.custom_gradient
        def convolve(images: Tensor, kernel: Tensor) -> tuple[Tensor, Any]:
            def gradients(gradient: Tensor) -> tuple[Tensor, Tensor]:
                to_images = tf.nn.conv2d_transpose(gradient, kernel, tf.shape(images), 1, "SAME")
                return to_images, _kernel_gradient(images, gradient, kernel.shape)

            return tf.nn.conv2d(images, kernel, 1, "SAME"), gradients

        return self.activation(_add_bias(convolve(inputs, ops.cast(self.kernel, inputs.dtype)), self.bias))


class Conv2DTranspose(layers.Conv2DTranspose):
    """A transposed convolution of images (B, H, W, C), with an exact gradient of the bias in bfloat16."""

    def call(self, inputs: Tensor) -> Tensor:
        if not self.use_bias or self.data_format != "channels_last":
            return super().call(inputs)
        outputs = ops.conv_transpose(
            inputs, self.kernel, self.strides, self.padding, self.output_padding, self.data_format, self.dilation_rate
        )
        return self.activation(_add_bias(outputs, self.bias))


class MaxPooling2D(layers.MaxPooling2D):
    """Max-pooling of images (B, H, W, C); deterministic on GPUs for windows of 3 x 3, stride 2, "same", even H and W.

    JAX' own gradient adds each window's share to the pixel that it came from: on a GPU in no fixed order, so that no
    two runs are the same. Here each pixel collects the shares of the windows that contain it, in a fixed order.
    """

    def call(self, inputs: Tensor) -> Tensor:
        _, height, width, _ = inputs.shape
        plain = (*self.pool_size, *self.strides, self.padding, self.data_format) == (
            3,
            3,
            2,
            2,
            "same",
            "channels_last",
        )
        if not plain or height % 2 or width % 2 or keras.backend.backend() != "jax" or on_processor():
            return super().call(inputs)
        import jax

        pool = jax.custom_vjp(lambda images: _maxima(images)[0])
        pool.defvjp(_maxima, lambda places, gradient: (_to_places(places, gradient),))
        return pool(inputs)


def _maxima(images: Tensor) -> tuple[Tensor, Tensor]:
    """The maximum of each window of images (B, H, W, C) and its place, 0 to 8, both (B, H / 2, W / 2, C).

    Where several are equal, the first place.
    """
    _, height, width, _ = images.shape
    images = ops.pad(images, ((0, 0), (0, 1), (0, 1), (0, 0)), constant_values=float("-inf"))
    maxima, places = images[:, :height:2, :width:2], ops.cast(0, "int8")
    for place in range(1, 9):
        row, column = divmod(place, 3)
        others = images[:, row : row + height - 1 : 2, column : column + width - 1 : 2]
        higher = others > maxima
        maxima, places = ops.where(higher, others, maxima), ops.where(higher, ops.cast(place, "int8"), places)
    return maxima, places


def _to_places(places: Tensor, gradient: Tensor) -> Tensor:
    """The gradient (B, H, W, C) of the images, from that of the maxima and their places, both (B, H / 2, W / 2, C).

    A pixel of even row and column is in four windows, one of odd row and column in one.
    """
    batch, rows, columns, channels = gradient.shape

    def at(row: int, column: int) -> Tensor:  # the share of the windows whose maximum is there
        return ops.where(places == 3 * row + column, gradient, ops.cast(0, gradient.dtype))

    def from_above(share: Tensor) -> Tensor:
        return ops.pad(share[:, :-1], ((0, 0), (1, 0), (0, 0), (0, 0)))

    def from_left(share: Tensor) -> Tensor:
        return ops.pad(share[:, :, :-1], ((0, 0), (0, 0), (1, 0), (0, 0)))

    even = [
        at(0, 0) + from_above(at(2, 0)) + from_left(at(0, 2) + from_above(at(2, 2))),
        at(0, 1) + from_above(at(2, 1)),
    ]
    odd = [at(1, 0) + from_left(at(1, 2)), at(1, 1)]
    pixels = ops.stack([ops.stack(even, axis=3), ops.stack(odd, axis=3)], axis=2)  # (B, H / 2, 2, W / 2, 2, C)
    return ops.reshape(pixels, (batch, 2 * rows, 2 * columns, channels))


class Dense(layers.Dense):
    """A fully connected layer on (B, C), with an exact gradient of the bias in bfloat16."""

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        if not self.use_bias:
            return super().call(inputs, training)
        return self.activation(_add_bias(ops.matmul(inputs, self.kernel), self.bias))


def _add_bias(outputs: Tensor, bias: Tensor) -> Tensor:
    """outputs (..., D) + bias (D,).

    TensorFlow sums the gradient of the bias in the format of the numbers: in bfloat16 the sum of a thousand numbers is
    several percent off, and that of many thousands stops growing.
    """
    if outputs.dtype != "bfloat16" or not _on_tensorflow_cpu():
        return ops.add(outputs, bias)
    import tensorflow as tf

    @tf.custom_gradient
    def add(outputs: Tensor, bias: Tensor) -> tuple[Tensor, Any]:
        def gradients(gradient: Tensor) -> tuple[Tensor, Tensor]:
            rows = tf.reshape(gradient, (-1, gradient.shape[-1]))
            return gradient, tf.matmul(tf.ones((1, tf.shape(rows)[0]), rows.dtype), rows)[0]  # sums in float32

        return tf.nn.bias_add(outputs, bias), gradients

    return add(outputs, ops.cast(bias, outputs.dtype))


_SUMMANDS = 128  # images whose gradients one convolution sums; with more, pixels lie too far apart in memory


def _kernel_gradient(images: Tensor, gradient: Tensor, shape: Sequence[int]) -> Tensor:
    """The gradient of a kernel of `shape` (h, w, C, D), for images (B, H, W, C) and the output's gradient (B, H, W, D).

    Its element [i, j, c, d] sums images[b, y + i, x + j, c] gradient[b, y, x, d] over b, y and x: the gradient slid
    over the images. For one convolution to do that with all c and d, `gradient` becomes one image (1, H, W D, B),
    with its channels beside each other in a row, and `images` the kernel (H, W, B, C), with gaps of D.
    """
    import tensorflow as tf

    batch, rows, columns, _ = images.shape
    if batch and batch > _SUMMANDS and batch % _SUMMANDS == 0:
        parts = zip(*(tf.split(tensor, batch // _SUMMANDS) for tensor in (images, gradient)))
        sums = [tf.cast(_kernel_gradient(some, theirs, shape), "float32") for some, theirs in parts]
        return tf.cast(tf.add_n(sums), images.dtype)
    height, width, channels, filters = shape
    batch = batch or tf.shape(images)[0]
    slid_over = tf.reshape(tf.transpose(tf.reshape(gradient, (batch, -1))), (1, rows, columns * filters, batch))
    slid = tf.transpose(images, (1, 2, 0, 3))
    top, left = height // 2, width // 2
    padding = ((0, 0), (top, top), (left * filters, left * filters), (0, 0))
    taps = tf.nn.conv2d(slid_over, slid, 1, padding, dilations=(1, filters))  # (1, h, w D, C), from the last tap on
    taps = tf.reshape(taps, (height, width, filters, channels))
    return tf.transpose(tf.reverse(taps, (0, 1)), (0, 1, 3, 2))
