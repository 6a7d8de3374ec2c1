"""The layers and functions of Keras that a file may name; everything else is refused.

What is not here needs code from outside the file, reads other files, or needs TensorFlow.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MODELS = {"Sequential": "keras", "Functional": "keras.src.models.functional"}
"""Where Keras 3 has its models; the functional one has no public name."""

LAYERS = _words(
    """
    InputLayer Identity Dense Activation Flatten Reshape Permute RepeatVector Masking Embedding
    Conv1D Conv2D Conv2DTranspose DepthwiseConv1D DepthwiseConv2D SeparableConv1D SeparableConv2D
    MaxPooling1D MaxPooling2D AveragePooling1D AveragePooling2D
    GlobalMaxPooling1D GlobalMaxPooling2D GlobalAveragePooling1D GlobalAveragePooling2D
    ZeroPadding1D ZeroPadding2D Cropping1D Cropping2D UpSampling1D UpSampling2D
    BatchNormalization LayerNormalization GroupNormalization UnitNormalization
    Dropout SpatialDropout1D SpatialDropout2D GaussianDropout GaussianNoise AlphaDropout
    ActivityRegularization ReLU LeakyReLU PReLU ELU Softmax
    Add Subtract Multiply Average Maximum Minimum Concatenate Dot
    Rescaling Normalization Resizing CenterCrop RandomBrightness RandomContrast RandomCrop
    RandomFlip RandomRotation RandomTranslation RandomZoom
    LSTM GRU SimpleRNN Bidirectional TimeDistributed MultiHeadAttention
    """
)

OPERATIONS = _words(
    "Absolute Add Divide Exp Log Maximum Mean Minimum Multiply Negative Power Reshape Sqrt Square "
    "Subtract Transpose TrueDivide Relu Relu6 Sigmoid Silu Softmax Softplus Tanh"
)
"""Operations that Keras 3 writes where a model was put together from ``x / 255`` and the like."""

OPERATION_MODULES = ("keras.src.ops.numpy", "keras.src.ops.nn", "keras.ops")

FORMER_NAMES = {
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "GlobalAvgPool2D": "GlobalAveragePooling2D",
    "GlobalMaxPool2D": "GlobalMaxPooling2D",
    "AvgPool2D": "AveragePooling2D",
    "MaxPool2D": "MaxPooling2D",
    "GRUV1": "GRU",
    "GRUV2": "GRU",
    "LSTMV1": "LSTM",
    "LSTMV2": "LSTM",
    "Model": "Functional",
}

ACTIVATIONS = _words(
    "linear relu relu6 leaky_relu elu selu celu gelu glu silu mish hard_sigmoid hard_silu "
    "hard_tanh softplus softsign softmax log_softmax log_sigmoid sigmoid tanh tanh_shrink "
    "exponential squareplus sparse_plus"
)

FORMER_ACTIVATIONS = {"swish": "silu", "hard_swish": "hard_silu", "softmax_v2": "softmax"}

WITHOUT_EFFECT = _words(
    "dtype batch_input_shape build_input_shape input_dtype input_spec sparse ragged optional "
    "weights implementation time_major zero_output_for_mask seed noise_seed rng_type input_dim "
    "input_length synchronized renorm_clipping renorm_momentum fused autocast value_range_dtype"
)
"""Settings of one version or another that change nothing when a prediction is made."""
