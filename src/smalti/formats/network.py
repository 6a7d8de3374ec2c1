"""A PyTorch network as a list of layers in Keras's terms, independent of either program's objects.

The network is traced (torch.fx), so that whatever is put together from the known layers, sums and
functions goes through: plain stacks, residual blocks, depthwise-separable ones. Feature maps become
channels-last; weights behind a flattening are put into the order that this gives.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import fx, nn

from smalti.errors import SmaltiError
from smalti.models.dropout import Dropout

Pair = tuple[int, int]


@dataclass(frozen=True)
class Layer:
    """One Keras layer: class, arguments, names of the layers before it, weights in order."""

    name: str
    kind: str
    arguments: dict[str, Any]
    inputs: tuple[str, ...]
    weights: tuple[np.ndarray, ...] = ()


class Untranslatable(SmaltiError):
    """A network with something in it that has no counterpart in Keras's terms."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"This network cannot be exported: {what}.",
            "Networks that can: smalti models",
        )


@dataclass
class _Value:
    """What a traced step gives: the Keras layer that makes it, and how its values lie.

    ``order`` says for a flattened feature map which of PyTorch's values stands at each place of
    Keras's vector; None where both orders are the same.
    """

    name: str
    shape: tuple[int, ...]
    order: np.ndarray | None = None


@dataclass
class _Translation:
    """The layers so far, and what each traced step became."""

    layers: list[Layer] = field(default_factory=list)
    values: dict[str, _Value] = field(default_factory=dict)

    def add(
        self,
        name: str,
        kind: str,
        arguments: dict[str, Any],
        inputs: tuple[str, ...],
        weights: tuple[np.ndarray, ...] = (),
    ) -> str:
        self.layers.append(Layer(name, kind, arguments, inputs, weights))
        return name


def translate(model: nn.Module, image_shape: tuple[int, int, int], first: str) -> list[Layer]:
    """Return the layers of a network in evaluation mode that follow the layer named ``first``.

    ``image_shape`` is H×W×C. Untranslatable says which part has no counterpart.
    """
    height, width, channels = image_shape
    model = model.eval()
    try:
        traced = fx.GraphModule(model, _Tracer().trace(model))
    except Exception as error:  # whatever a forward method does with what is no tensor yet
        raise Untranslatable("its course depends on the values that go through it") from error
    with torch.no_grad():
        _Shapes(traced).run(torch.zeros(1, channels, height, width))
    done = _Translation()
    modules = dict(traced.named_modules())
    for node in traced.graph.nodes:
        if node.op == "placeholder":
            done.values[node.name] = _Value(first, _shape(node))
        elif node.op == "call_module":
            _module(done, node, modules[node.target])
        elif node.op in ("call_function", "call_method"):
            _function(done, node)
        elif node.op != "output":
            raise Untranslatable(f"it uses {node.target} outside of any layer")
    return done.layers


class _Tracer(fx.Tracer):
    """Keeps layers of our own that have a counterpart whole, as PyTorch's own."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return type(m) in _MODULES or super().is_leaf_module(m, module_qualified_name)


class _Shapes(fx.Interpreter):
    """Notes the shape of what each step gives, without the batch.

    PyTorch's own ShapeProp imports its symbolic algebra: 0.7 s at the end of every training.
    """

    def run_node(self, n: fx.Node) -> Any:
        result = super().run_node(n)
        if isinstance(result, torch.Tensor):
            n.meta[_SHAPE] = tuple(result.shape[1:])
        return result


_SHAPE = "smalti_shape"


def _shape(node: fx.Node) -> tuple[int, ...]:
    shape: tuple[int, ...] = node.meta[_SHAPE]
    return shape


def _before(done: _Translation, node: fx.Node) -> _Value:
    return done.values[node.all_input_nodes[0].name]


# Steps that are modules


def _module(done: _Translation, node: fx.Node, module: nn.Module) -> None:
    translator = _MODULES.get(type(module))
    before = _before(done, node)
    name = node.name
    if translator is not None:
        order = translator(done, name, module, before)
    elif type(module) in _ACTIVATIONS:
        kind, arguments = _ACTIVATIONS[type(module)](module)
        done.add(name, kind, arguments, (before.name,))
        order = before.order
    else:
        raise Untranslatable(f"a layer of the kind {type(module).__name__} has no counterpart")
    last = done.layers[-1].name if done.layers and done.layers[-1].name == name else before.name
    done.values[node.name] = _Value(last, _shape(node), order)


Order = np.ndarray | None


def _conv(done: _Translation, name: str, module: nn.Conv2d, before: _Value) -> Order:
    if module.padding_mode != "zeros":
        raise Untranslatable(f"its padding is {module.padding_mode}")
    padding, source = _padded(done, name, module, before)
    kernel = module.weight.detach().numpy().transpose(2, 3, 1, 0)
    arguments = {
        "kernel_size": list(module.kernel_size),
        "strides": list(module.stride),
        "dilation_rate": list(module.dilation),
        "padding": padding,
        "use_bias": module.bias is not None,
    }
    if _is_depthwise(module):
        kind = "DepthwiseConv2D"
        multiplier = module.out_channels // module.in_channels
        arguments["depth_multiplier"] = multiplier
        # PyTorch counts outputs input by input: out = in · multiplier + which.
        kernel = kernel.reshape(*module.kernel_size, module.in_channels, multiplier)
    else:
        kind = "Conv2D"
        arguments |= {"filters": module.out_channels, "groups": module.groups}
    done.add(name, kind, arguments, (source,), _with_bias(kernel, module.bias))
    return None


def _is_depthwise(module: nn.Conv2d) -> bool:
    square = module.stride[0] == module.stride[1]  # Keras takes no other strides here
    return 1 < module.groups == module.in_channels and square


def _padded(done: _Translation, name: str, module: nn.Conv2d, before: _Value) -> tuple[str, str]:
    """Return Keras's padding, and the layer to follow: zeros of their own where it differs.

    "same" pads alike in both only at stride 1; otherwise TensorFlow pads more behind than before.
    """
    if module.padding == "valid":
        return "valid", before.name
    if module.padding == "same":
        return "same", before.name
    down, across = _pair(module.padding)
    if down == across == 0:
        return "valid", before.name
    reach = [d * (k - 1) for d, k in zip(module.dilation, module.kernel_size, strict=True)]
    if module.stride == (1, 1) and reach == [2 * down, 2 * across]:
        return "same", before.name
    zeros = [[down, down], [across, across]]
    return "valid", done.add(f"{name}_zeros", "ZeroPadding2D", {"padding": zeros}, (before.name,))


def _linear(done: _Translation, name: str, module: nn.Linear, before: _Value) -> Order:
    kernel = module.weight.detach().numpy().T
    if before.order is not None:
        kernel = kernel[before.order]
    arguments = {"units": module.out_features, "use_bias": module.bias is not None}
    done.add(name, "Dense", arguments, (before.name,), _with_bias(kernel, module.bias))
    return None


def _with_bias(kernel: np.ndarray, bias: torch.Tensor | None) -> tuple[np.ndarray, ...]:
    return (kernel,) if bias is None else (kernel, bias.detach().numpy())


def _norm(
    done: _Translation, name: str, module: nn.BatchNorm1d | nn.BatchNorm2d, before: _Value
) -> Order:
    if module.running_mean is None or module.running_var is None:
        raise Untranslatable("a batch norm keeps no running statistics")
    tensors = [module.weight, module.bias, module.running_mean, module.running_var]
    arrays = [tensor.detach().numpy() for tensor in tensors if tensor is not None]
    if before.order is not None:
        arrays = [array[before.order] for array in arrays]
    arguments = {
        "axis": -1,
        "epsilon": module.eps,
        "momentum": 1 - (0.1 if module.momentum is None else module.momentum),
        "center": module.affine,
        "scale": module.affine,
    }
    done.add(name, "BatchNormalization", arguments, (before.name,), tuple(arrays))
    return before.order


def _max_pool(done: _Translation, name: str, module: nn.MaxPool2d, before: _Value) -> Order:
    kernel, stride, padding = map(_pair, (module.kernel_size, module.stride, module.padding))
    if module.ceil_mode or _pair(module.dilation) != (1, 1):
        raise Untranslatable("a max pooling rounds up or is dilated")
    same = stride == (1, 1) and all(2 * p == k - 1 for p, k in zip(padding, kernel, strict=True))
    if padding != (0, 0) and not same:
        raise Untranslatable("a max pooling is padded")
    _pool(done, name, "MaxPooling2D", kernel, stride, before.name, "same" if same else "valid")
    return None


def _average_pool(done: _Translation, name: str, module: nn.AvgPool2d, before: _Value) -> Order:
    kernel, stride, padding = map(_pair, (module.kernel_size, module.stride, module.padding))
    if module.ceil_mode or padding != (0, 0) or module.divisor_override:
        raise Untranslatable("an average pooling is padded or rounds up")
    _pool(done, name, "AveragePooling2D", kernel, stride, before.name, "valid")
    return None


def _pool(
    done: _Translation, name: str, kind: str, kernel: Pair, stride: Pair, source: str, padding: str
) -> None:
    arguments = {"pool_size": list(kernel), "strides": list(stride), "padding": padding}
    done.add(name, kind, arguments, (source,))


def _adaptive_pool(
    done: _Translation,
    name: str,
    module: nn.AdaptiveAvgPool2d | nn.AdaptiveMaxPool2d,
    before: _Value,
) -> Order:
    if _pair(module.output_size) != (1, 1):
        raise Untranslatable("an adaptive pooling keeps more than one value a channel")
    average = isinstance(module, nn.AdaptiveAvgPool2d)
    kind = "GlobalAveragePooling2D" if average else "GlobalMaxPooling2D"
    done.add(name, kind, {"keepdims": True}, (before.name,))
    return None


def _flatten(done: _Translation, name: str, module: nn.Flatten, before: _Value) -> Order:
    if module.start_dim != 1 or module.end_dim not in (-1, 3):
        raise Untranslatable("it flattens some dimensions only")
    return _flattened(done, name, before)


def _flattened(done: _Translation, name: str, before: _Value) -> Order:
    done.add(name, "Flatten", {}, (before.name,))
    if len(before.shape) != 3 or before.shape[1:] == (1, 1):
        return before.order
    places = np.arange(int(np.prod(before.shape))).reshape(before.shape)
    return places.transpose(1, 2, 0).reshape(-1)


def _dropout(done: _Translation, name: str, module: nn.Dropout, before: _Value) -> Order:
    done.add(name, "Dropout", {"rate": module.p}, (before.name,))
    return before.order


def _dropout_maps(done: _Translation, name: str, module: nn.Dropout2d, before: _Value) -> Order:
    done.add(name, "SpatialDropout2D", {"rate": module.p}, (before.name,))
    return before.order


def _nothing(_: _Translation, __: str, ___: nn.Module, before: _Value) -> Order:
    return before.order


_MODULES: dict[type[nn.Module], Callable[..., Order]] = {
    nn.Conv2d: _conv,
    nn.Linear: _linear,
    nn.BatchNorm1d: _norm,
    nn.BatchNorm2d: _norm,
    nn.MaxPool2d: _max_pool,
    nn.AvgPool2d: _average_pool,
    nn.AdaptiveAvgPool2d: _adaptive_pool,
    nn.AdaptiveMaxPool2d: _adaptive_pool,
    nn.Flatten: _flatten,
    nn.Dropout: _dropout,
    Dropout: _dropout,
    nn.Dropout2d: _dropout_maps,
    nn.Identity: _nothing,
}


def _named(name: str) -> Callable[[Any], tuple[str, dict[str, Any]]]:
    return lambda _: ("Activation", {"activation": name})


def _gelu(module: nn.GELU) -> tuple[str, dict[str, Any]]:
    if module.approximate != "none":
        raise Untranslatable("its GELU is an approximation")
    return "Activation", {"activation": "gelu"}


def _softplus(module: nn.Softplus) -> tuple[str, dict[str, Any]]:
    if module.beta != 1:
        raise Untranslatable("its softplus is scaled")
    return "Activation", {"activation": "softplus"}


_ACTIVATIONS: dict[type[nn.Module], Callable[[Any], tuple[str, dict[str, Any]]]] = {
    nn.ReLU: lambda _: ("ReLU", {}),
    nn.ReLU6: lambda _: ("ReLU", {"max_value": 6.0}),
    nn.LeakyReLU: lambda module: ("LeakyReLU", {"negative_slope": module.negative_slope}),
    nn.ELU: lambda module: ("ELU", {"alpha": module.alpha}),
    nn.SELU: _named("selu"),
    nn.GELU: _gelu,
    nn.SiLU: _named("silu"),
    nn.Mish: _named("mish"),
    nn.Hardswish: _named("hard_silu"),
    nn.Softplus: _softplus,
    nn.Tanh: _named("tanh"),
    nn.Sigmoid: _named("sigmoid"),
}


# Steps that are functions


def _function(done: _Translation, node: fx.Node) -> None:
    target = node.target if node.op == "call_function" else f".{node.target}"
    if target in _SUMS:
        _sum(done, node)
    elif target in _ACTIVATION_FUNCTIONS:
        before = _before(done, node)
        kind, arguments = _ACTIVATION_FUNCTIONS[target]
        done.add(node.name, kind, arguments, (before.name,))
        done.values[node.name] = _Value(node.name, _shape(node), before.order)
    elif target in (torch.flatten, ".flatten"):
        before = _before(done, node)
        if node.args[1:] != (1,) and node.kwargs != {"start_dim": 1}:
            raise Untranslatable("it flattens some dimensions only")
        order = _flattened(done, node.name, before)
        done.values[node.name] = _Value(node.name, _shape(node), order)
    elif target in (torch.mean, ".mean"):
        _global_mean(done, node)
    else:
        called = getattr(node.target, "__name__", str(node.target))
        raise Untranslatable(f"the function {called} has no counterpart")


def _sum(done: _Translation, node: fx.Node) -> None:
    parts = [done.values[part.name] for part in node.all_input_nodes]
    if len(parts) != 2 or parts[0].shape != parts[1].shape or node.kwargs:
        raise Untranslatable("it adds what are not two feature maps of one shape")
    first, second = parts
    if (first.order is None) != (second.order is None):
        raise Untranslatable("it adds vectors whose values lie in different orders")
    done.add(node.name, "Add", {}, (first.name, second.name))
    done.values[node.name] = _Value(node.name, _shape(node), first.order)


def _global_mean(done: _Translation, node: fx.Node) -> None:
    before = _before(done, node)
    dims = node.kwargs.get("dim", node.args[1] if len(node.args) > 1 else None)
    keep = bool(node.kwargs.get("keepdim", len(node.args) > 2 and node.args[2]))
    places = {int(dim) % 4 for dim in dims} if isinstance(dims, list | tuple) else set()
    if len(before.shape) != 3 or places != {2, 3}:
        raise Untranslatable("it averages over something other than height and width")
    done.add(node.name, "GlobalAveragePooling2D", {"keepdims": keep}, (before.name,))
    done.values[node.name] = _Value(node.name, _shape(node))


_SUMS = (operator.add, operator.iadd, torch.add, ".add", ".add_")

_ACTIVATION_FUNCTIONS: dict[Any, tuple[str, dict[str, Any]]] = {
    torch.relu: ("ReLU", {}),
    nn.functional.relu: ("ReLU", {}),
    ".relu": ("ReLU", {}),
    nn.functional.silu: ("Activation", {"activation": "silu"}),
    torch.tanh: ("Activation", {"activation": "tanh"}),
    torch.sigmoid: ("Activation", {"activation": "sigmoid"}),
}


def _pair(value: Any) -> Pair:
    return (int(value[0]), int(value[1])) if isinstance(value, tuple | list) else (value, value)
