"""What a training step of the classifier has to do at least: arithmetic, and numbers to read and write."""


def convolution_flop(size, channels, filters):
    """Floating-point operations of a 5 x 5 convolution of a size x size image, without those on the padding."""
    taps = sum(min(size, at + 3) - max(0, at - 2) for at in range(size))
    return 2 * taps**2 * channels * filters


def gigaflops(batch):
    """By operation."""
    conv1, conv2 = (batch * convolution_flop(24, 3, 64) / 1e9, batch * convolution_flop(12, 64, 64) / 1e9)
    dense = batch * 3 * 2 * (2304 * 384 + 384 * 192 + 192 * 10) / 1e9
    conv2s = {f"conv2{what}": conv2 for what in ("", ", kernel's gradient", ", input's gradient")}
    return {"conv1": conv1, "conv1, kernel's gradient": conv1, **conv2s, "dense": dense}


def gigabytes(batch):
    """Read and written in bfloat16 if each tensor is so once for each operation that cannot be joined with another.

    These are the convolutions, the poolings, which keep the place of each maximum in a byte, and the statistics of
    batch normalization, for which its input, and its output's gradient, are read once more.
    """
    images, conv1 = 2 * 24 * 24 * 3, 2 * 24 * 24 * 64
    pool1 = norm1 = conv2 = norm2 = 2 * 12 * 12 * 64
    pool2 = 2 * 6 * 6 * 64
    places = (pool1 + pool2) // 2
    forward = 2 * images + 2 * conv1 + 3 * pool1 + 2 * norm1 + 3 * conv2 + 2 * norm2 + 2 * pool2 + places
    to_norm2 = norm2 + 2 * (norm2 + conv2)  # its gradient written; that and its input read twice
    to_conv2 = conv2 + 2 * conv2 + norm1  # read by both gradients of the convolution, one of which reads norm1
    to_norm1 = norm1 + 2 * (norm1 + pool1)
    to_conv1 = pool1 + pool1 + conv1 + conv1 + images  # through the pooling; then the kernel's gradient
    backward = 2 * pool2 + places + to_norm2 + to_conv2 + to_norm1 + to_conv1
    return batch * (forward + backward) / 1e9
