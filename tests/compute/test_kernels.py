import numpy as np
import pytest
from keras import layers, ops

from paperlib.compute import kernels, precision

tf = pytest.importorskip("tensorflow")
DRAW = np.random.default_rng(0)


def outputs_and_gradients(layer, images, weighting):
    """What a layer gives while training, and the gradients of its weighted sum, all float32 NumPy."""
    images = tf.constant(images)
    with tf.GradientTape() as tape:
        tape.watch(images)
        outputs = layer(images, training=True)
        loss = tf.reduce_sum(tf.cast(outputs, "float32") * weighting)
    gradients = tape.gradient(loss, [images, *(weight.value for weight in layer.trainable_weights)])
    return [ops.convert_to_numpy(ops.cast(value, "float32")) for value in (outputs, *gradients)]


def agree(ours, plain, tolerance):
    for a, b in zip(ours, plain, strict=True):
        assert a.shape == b.shape and np.abs(b).max() > 0
        assert np.abs(a - b).max() <= tolerance * np.abs(b).max()


@pytest.mark.parametrize("dtype, tolerance", [("float32", 1e-5), ("mixed_bfloat16", 1e-2)])
def test_batch_normalization_equals_keras(dtype, tolerance):
    images = DRAW.normal(3, 2, (32, 6, 5, 8)).astype(np.float32)
    weighting = DRAW.normal(size=images.shape).astype(np.float32)
    ours, plain = kernels.BatchNormalization(dtype=dtype), layers.BatchNormalization(dtype=dtype)
    for layer in (ours, plain):
        layer.build(images.shape)
        layer.gamma.assign(np.linspace(-2, 2, 8))
        layer.beta.assign(np.linspace(1, 2, 8))
    agree(outputs_and_gradients(ours, images, weighting), outputs_and_gradients(plain, images, weighting), tolerance)
    agree(ours.get_weights(), plain.get_weights(), 1e-4)  # the moving averages among them
    tested = [ops.convert_to_numpy(ops.cast(layer(images, training=False), "float32")) for layer in (ours, plain)]
    agree(*([values] for values in tested), tolerance)


def skip_emulated_convolutions():
    if precision.resolve() != "bfloat16":
        pytest.skip("this processor has no bfloat16 instructions: TensorFlow's convolutions round every sum")


@pytest.mark.parametrize(
    "batch, height, width, channels, filters, kernel",
    [(16, 12, 12, 64, 64, 5), (3, 6, 9, 8, 4, 3), (256, 6, 6, 8, 16, 5)],  # the last sums up in two parts
)
def test_convolution_equals_keras(batch, height, width, channels, filters, kernel):
    skip_emulated_convolutions()
    images = DRAW.normal(size=(batch, height, width, channels)).astype(np.float32)
    weighting = DRAW.normal(size=(batch, height, width, filters)).astype(np.float32)
    ours = kernels.Conv2D(filters, kernel, padding="same", dtype="mixed_bfloat16")
    plain = layers.Conv2D(filters, kernel, padding="same", dtype="mixed_bfloat16")
    exact = layers.Conv2D(filters, kernel, padding="same")
    for layer in (exact, ours, plain):
        layer.build(images.shape)
        layer.set_weights(exact.get_weights())
    results = [outputs_and_gradients(layer, images, weighting) for layer in (ours, plain, exact)]
    agree(results[0], results[2], 1e-2)
    agree(results[0][:3], results[1][:3], 1e-2)  # not the bias' gradient: see below


LAYERS = [
    (kernels.Conv2D, layers.Conv2D, (4, 6, 6, 8), dict(filters=4, kernel_size=3, padding="same")),
    (
        kernels.Conv2DTranspose,
        layers.Conv2DTranspose,
        (64, 6, 6, 8),
        dict(filters=4, kernel_size=5, strides=2, padding="same"),
    ),
    (kernels.Dense, layers.Dense, (1024, 8), dict(units=5)),
]


@pytest.mark.parametrize("ours, plain, shape, options", LAYERS)
@pytest.mark.parametrize("activation", [None, "relu"])
def test_layers_in_float32_are_keras_own(ours, plain, shape, options, activation):
    inputs = DRAW.normal(size=shape).astype(np.float32)
    ours, plain = (kind(**options, activation=activation) for kind in (ours, plain))
    for layer in (ours, plain):
        layer.build(shape)
        layer.set_weights(ours.get_weights())
    weighting = DRAW.normal(size=ours.compute_output_shape(shape)).astype(np.float32)
    for a, b in zip(*(outputs_and_gradients(layer, inputs, weighting) for layer in (ours, plain))):
        assert np.array_equal(a, b)


@pytest.mark.parametrize("ours, exact, shape, options", LAYERS)
def test_gradients_of_the_bias_are_summed_in_float32(ours, exact, shape, options):
    if exact is not layers.Dense:
        skip_emulated_convolutions()
    inputs = DRAW.normal(size=shape).astype(np.float32)
    ours, exact = ours(**options, dtype="mixed_bfloat16"), exact(**options)
    for layer in (exact, ours):
        layer.build(shape)
        layer.set_weights(exact.get_weights())
    weighting = DRAW.uniform(size=exact.compute_output_shape(shape)).astype(np.float32)  # all of one sign: a long sum
    agree(*(outputs_and_gradients(layer, inputs, weighting) for layer in (ours, exact)), 1e-2)


def test_why_the_bias_is_added_here():
    """Keras' own comes out several percent off. When this fails, TensorFlow has mended it: `_add_bias` can go."""
    inputs = DRAW.normal(size=(1024, 8)).astype(np.float32)
    plain, exact = layers.Dense(5, dtype="mixed_bfloat16"), layers.Dense(5)
    for layer in (exact, plain):
        layer.build(inputs.shape)
        layer.set_weights(exact.get_weights())
    weighting = DRAW.uniform(size=(1024, 5)).astype(np.float32)
    of_plain, of_exact = (outputs_and_gradients(layer, inputs, weighting)[-1] for layer in (plain, exact))
    assert np.abs(of_plain / of_exact - 1).max() > 0.02


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_relu_after_pooling_equals_relu_before(dtype):
    """Why `models` has it there: values and gradients are the same bits, on a quarter of the numbers."""
    images = ops.cast(DRAW.normal(size=(8, 12, 12, 16)), dtype)
    weighting = ops.cast(DRAW.normal(size=(8, 6, 6, 16)), dtype)

    def pool(x):
        return ops.max_pool(x, 3, 2, "same")

    results = []
    for order in (lambda x: ops.relu(pool(x)), lambda x: pool(ops.relu(x))):
        with tf.GradientTape() as tape:
            tape.watch(images)
            outputs = order(images)
        gradient = tape.gradient(outputs, images, output_gradients=weighting)
        results.append([ops.convert_to_numpy(ops.cast(value, "float32")) for value in (outputs, gradient)])
    for a, b in zip(*results):
        assert np.array_equal(a, b)


@pytest.mark.parametrize(
    "layer, options",
    [
        ("Conv2D", {"strides": 2}),
        ("Conv2D", {"padding": "valid"}),
        ("Conv2D", {"kernel_size": 2}),
        ("Conv2D", {"dilation_rate": 2}),
        ("Conv2D", {"groups": 2}),
        ("Conv2D", {"use_bias": False}),
        ("Conv2DTranspose", {"strides": 2, "use_bias": False}),
        ("Conv2DTranspose", {"strides": 2, "output_padding": 1}),
        ("Dense", {"use_bias": False}),
    ],
)
def test_options_that_the_faster_kernels_do_not_know_are_left_to_keras(layer, options):
    size = {"units": 4} if layer == "Dense" else {"filters": 4, "kernel_size": 3, "padding": "same"}
    images = DRAW.normal(size=(2, 9) if layer == "Dense" else (2, 6, 6, 4)).astype(np.float32)
    kinds = getattr(kernels, layer), getattr(layers, layer)
    ours, theirs = (kind(**{**size, **options}, dtype="mixed_bfloat16") for kind in kinds)
    theirs.build(images.shape)
    ours.build(images.shape)
    ours.set_weights(theirs.get_weights())
    assert np.array_equal(np.asarray(ours(images), np.float32), np.asarray(theirs(images), np.float32))
