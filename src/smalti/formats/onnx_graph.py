"""An ONNX graph from a network's layers in Keras's terms; needs the package ``onnx``.

Operators of opset 17, which every ONNX Runtime since 1.12 knows. Feature maps are channels-first,
as ONNX has them; a flattening puts the channels last, because the weights behind it expect that.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from smalti.classifier.onnx.metadata import INPUT, LOGITS, PROBABILITIES
from smalti.formats.exporting import SeenView, Subject
from smalti.formats.network import Layer, Untranslatable, translate
from smalti.version import __version__

OPSET = 17
IR_VERSION = 8
_FIRST = "normalised"
"""The name by which the first layer asks for its input."""


def graph(subject: Subject) -> onnx.ModelProto:
    """Return the model: pictures uint8 N×H×W×C in, logits and probabilities float32 N×K out."""
    drawn, views, n_classes = _Drawing(), subject.views(), len(subject.class_names)
    scale, offset = subject.scale_and_offset()
    seen = _views_of(drawn, drawn.node("Transpose", [INPUT], perm=[0, 3, 1, 2]), views)
    numbers = drawn.node("Cast", [seen], to=TensorProto.FLOAT)
    scaled = drawn.node("Mul", [numbers, drawn.per_channel("scale", scale)])
    drawn.made[_FIRST] = drawn.node("Add", [scaled, drawn.per_channel("offset", offset)])
    layers = translate(subject.network, subject.input_shape, _FIRST)
    for layer in layers:
        drawn.made[layer.name] = _drawn(drawn, layer)
    answers = drawn.made[layers[-1].name]
    drawn.node("Identity", [_averaged(drawn, answers, views, n_classes)], LOGITS)
    drawn.node("Softmax", [_cooled(drawn, subject.temperature)], PROBABILITIES, axis=-1)
    return drawn.model(subject.input_shape, n_classes)


class _Drawing:
    """The nodes and weights so far, and under which name each layer's output is found.

    ``vectors`` are the outputs that are N×D; all others are feature maps N×C×H×W. ``zeros`` are
    borders (top, left, bottom, right) that the convolution behind that layer brings along.
    """

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.made: dict[str, str] = {}
        self.vectors: set[str] = set()
        self.zeros: dict[str, list[int]] = {}

    def node(self, kind: str, inputs: Sequence[str], output: str = "", **settings: Any) -> str:
        """Add a node and return the name of its output, one of its own unless given."""
        # With a dot, which no name of a traced step has.
        output = output or f"{kind.lower()}.{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], output, **settings))
        return output

    def constant(self, name: str, array: np.ndarray) -> str:
        """Store an array in the file and return its name."""
        kept = np.ascontiguousarray(array)
        self.weights.append(numpy_helper.from_array(kept, name))
        return name

    def number(self, value: float) -> str:
        name = f"number_{value:.9g}"
        known = any(weight.name == name for weight in self.weights)
        return name if known else self.constant(name, np.array(value, np.float32))

    def per_channel(self, name: str, values: Sequence[float]) -> str:
        return self.constant(name, np.array(values, np.float32).reshape(1, -1, 1, 1))

    def model(self, shape: tuple[int, int, int], n_classes: int) -> onnx.ModelProto:
        outputs = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", n_classes])
            for name in (LOGITS, PROBABILITIES)
        ]
        pictures = helper.make_tensor_value_info(INPUT, TensorProto.UINT8, ["N", *shape])
        drawn = helper.make_graph(self.nodes, "smalti", [pictures], outputs, self.weights)
        return helper.make_model(
            drawn,
            producer_name="smalti",
            producer_version=__version__,
            ir_version=IR_VERSION,
            opset_imports=[helper.make_opsetid("", OPSET)],
        )


# Views: one behind the other in the batch, so that the network stands in the file once


def _views_of(drawn: _Drawing, pictures: str, views: Sequence[SeenView]) -> str:
    seen = []
    for number, view in enumerate(views, 1):
        shown = _picked(drawn, pictures, view.rows, 2, f"view{number}_rows")
        seen.append(_picked(drawn, shown, view.columns, 3, f"view{number}_columns"))
    return drawn.node("Concat", seen, axis=0) if len(seen) > 1 else seen[0]


def _picked(drawn: _Drawing, pictures: str, places: list[int], axis: int, name: str) -> str:
    if places == list(range(len(places))):
        return pictures
    chosen = drawn.constant(name, np.array(places, np.int64))
    return drawn.node("Gather", [pictures, chosen], axis=axis)


def _averaged(drawn: _Drawing, answers: str, views: Sequence[SeenView], n_classes: int) -> str:
    if len(views) == 1:
        return answers
    apart = drawn.constant("apart", np.array([len(views), -1, n_classes], np.int64))
    rows = drawn.node("Reshape", [answers, apart])
    shares = np.array([view.weight for view in views], np.float32).reshape(-1, 1, 1)
    weighted = drawn.node("Mul", [rows, drawn.constant("shares", shares)])
    first = drawn.constant("first_axis", np.array([0], np.int64))
    return drawn.node("ReduceSum", [weighted, first], keepdims=0)


def _cooled(drawn: _Drawing, temperature: float) -> str:
    """Return the logits divided by the temperature."""
    return LOGITS if temperature == 1 else drawn.node("Div", [LOGITS, drawn.number(temperature)])


# Layers


def _drawn(drawn: _Drawing, layer: Layer) -> str:
    draw = _LAYERS.get(layer.kind)
    if draw is None:
        raise Untranslatable(f"a layer of the kind {layer.kind} has no counterpart in ONNX")
    inputs = [drawn.made[name] for name in layer.inputs]
    output = draw(drawn, layer, inputs)
    if layer.kind in _GIVES_VECTORS or inputs[0] in drawn.vectors:
        drawn.vectors.add(output)
    return output


def _conv(drawn: _Drawing, layer: Layer, inputs: list[str]) -> str:
    kernel = layer.weights[0].transpose(3, 2, 0, 1)
    return _convolved(drawn, layer, inputs[0], kernel, layer.arguments["groups"])


def _depthwise(drawn: _Drawing, layer: Layer, inputs: list[str]) -> str:
    height, width, channels, multiplier = layer.weights[0].shape
    kernel = layer.weights[0].reshape(height, width, 1, channels * multiplier)
    return _convolved(drawn, layer, inputs[0], kernel.transpose(3, 2, 0, 1), channels)


def _convolved(drawn: _Drawing, layer: Layer, source: str, kernel: np.ndarray, groups: int) -> str:
    settings = layer.arguments
    inputs = [source, drawn.constant(f"{layer.name}_kernel", kernel)]
    if settings["use_bias"]:
        inputs.append(drawn.constant(f"{layer.name}_bias", layer.weights[1]))
    padding = _same(settings["kernel_size"], settings["dilation_rate"], settings["padding"])
    return drawn.node(
        "Conv",
        inputs,
        layer.name,
        kernel_shape=settings["kernel_size"],
        strides=settings["strides"],
        dilations=settings["dilation_rate"],
        pads=drawn.zeros.get(layer.inputs[0], padding),
        group=groups,
    )


def _same(kernel: Sequence[int], dilation: Sequence[int], padding: str) -> list[int]:
    """Return top, left, bottom, right: half of what the kernel needs before, the rest behind."""
    if padding == "valid":
        return [0, 0, 0, 0]
    reach = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
    return [*(r // 2 for r in reach), *(r - r // 2 for r in reach)]


def _zeros(drawn: _Drawing, layer: Layer, inputs: list[str]) -> str:
    """Leave the border to the convolution that follows: it can bring its own."""
    (top, bottom), (left, right) = layer.arguments["padding"]
    drawn.zeros[layer.name] = [top, left, bottom, right]
    return inputs[0]


def _dense(drawn: _Drawing, layer: Layer, inputs: list[str]) -> str:
    kernel = drawn.constant(f"{layer.name}_kernel", layer.weights[0])
    if not layer.arguments["use_bias"]:
        return drawn.node("MatMul", [inputs[0], kernel], layer.name)
    bias = drawn.constant(f"{layer.name}_bias", layer.weights[1])
    return drawn.node("Gemm", [inputs[0], kernel, bias], layer.name)


def _norm(drawn: _Drawing, layer: Layer, inputs: list[str]) -> str:
    *learned, mean, variance = layer.weights
    scale, shift = learned or (np.ones_like(mean), np.zeros_like(mean))
    parts = {"scale": scale, "shift": shift, "mean": mean, "variance": variance}
    names = [drawn.constant(f"{layer.name}_{part}", array) for part, array in parts.items()]
    epsilon = layer.arguments["epsilon"]
    return drawn.node("BatchNormalization", [*inputs, *names], layer.name, epsilon=epsilon)


def _pool(kind: str) -> Draw:
    def draw(drawn: _Drawing, layer: Layer, inputs: list[str]) -> str:
        size, strides = layer.arguments["pool_size"], layer.arguments["strides"]
        pads = _same(size, [1, 1], layer.arguments["padding"])
        return drawn.node(kind, inputs, layer.name, kernel_shape=size, strides=strides, pads=pads)

    return draw


def _global(kind: str) -> Draw:
    def draw(drawn: _Drawing, layer: Layer, inputs: list[str]) -> str:
        if layer.arguments["keepdims"]:
            return drawn.node(kind, inputs, layer.name)
        flat = drawn.node("Flatten", [drawn.node(kind, inputs)], layer.name, axis=1)
        drawn.vectors.add(flat)
        return flat

    return draw


def _flatten(drawn: _Drawing, layer: Layer, inputs: list[str]) -> str:
    source = inputs[0]
    if source not in drawn.vectors:
        source = drawn.node("Transpose", [source], perm=[0, 2, 3, 1])
    return drawn.node("Flatten", [source], layer.name, axis=1)


def _nothing(_: _Drawing, __: Layer, inputs: list[str]) -> str:
    return inputs[0]


def _sum(drawn: _Drawing, layer: Layer, inputs: list[str]) -> str:
    return drawn.node("Add", inputs, layer.name)


# Activations


def _relu(drawn: _Drawing, layer: Layer, inputs: list[str]) -> str:
    highest = layer.arguments.get("max_value")
    if highest is None:
        return drawn.node("Relu", inputs, layer.name)
    return drawn.node("Clip", [*inputs, drawn.number(0), drawn.number(highest)], layer.name)


def _leaky_relu(drawn: _Drawing, layer: Layer, inputs: list[str]) -> str:
    slope = layer.arguments["negative_slope"]
    return drawn.node("LeakyRelu", inputs, layer.name, alpha=slope)


def _elu(drawn: _Drawing, layer: Layer, inputs: list[str]) -> str:
    return drawn.node("Elu", inputs, layer.name, alpha=layer.arguments["alpha"])


def _activation(drawn: _Drawing, layer: Layer, inputs: list[str]) -> str:
    name = layer.arguments["activation"]
    return _ACTIVATIONS[name](drawn, inputs[0])


def _plain(kind: str) -> Callable[[_Drawing, str], str]:
    return lambda drawn, source: drawn.node(kind, [source])


def _gelu(drawn: _Drawing, source: str) -> str:
    # In this order, which ONNX Runtime knows and does in one step.
    error = drawn.node("Erf", [drawn.node("Div", [source, drawn.number(math.sqrt(2))])])
    doubled = drawn.node("Mul", [source, drawn.node("Add", [error, drawn.number(1)])])
    return drawn.node("Mul", [doubled, drawn.number(0.5)])


def _silu(drawn: _Drawing, source: str) -> str:
    return drawn.node("Mul", [source, drawn.node("Sigmoid", [source])])


def _mish(drawn: _Drawing, source: str) -> str:
    return drawn.node("Mul", [source, drawn.node("Tanh", [drawn.node("Softplus", [source])])])


Draw = Callable[[_Drawing, Layer, list[str]], str]

_LAYERS: dict[str, Draw] = {
    "Conv2D": _conv,
    "DepthwiseConv2D": _depthwise,
    "ZeroPadding2D": _zeros,
    "Dense": _dense,
    "BatchNormalization": _norm,
    "MaxPooling2D": _pool("MaxPool"),
    "AveragePooling2D": _pool("AveragePool"),
    "GlobalAveragePooling2D": _global("GlobalAveragePool"),
    "GlobalMaxPooling2D": _global("GlobalMaxPool"),
    "Flatten": _flatten,
    "Dropout": _nothing,
    "SpatialDropout2D": _nothing,
    "Add": _sum,
    "ReLU": _relu,
    "LeakyReLU": _leaky_relu,
    "ELU": _elu,
    "Activation": _activation,
}

_GIVES_VECTORS = ("Flatten", "Dense")

_ACTIVATIONS: dict[str, Callable[[_Drawing, str], str]] = {
    "selu": _plain("Selu"),
    "gelu": _gelu,
    "silu": _silu,
    "mish": _mish,
    "hard_silu": _plain("HardSwish"),
    "softplus": _plain("Softplus"),
    "tanh": _plain("Tanh"),
    "sigmoid": _plain("Sigmoid"),
}
