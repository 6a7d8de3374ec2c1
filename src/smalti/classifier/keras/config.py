"""A model's config as a file holds it, checked against Keras's own names and put into today's form.

Pure Python on JSON values. Nothing of the original is kept that was not looked at: initialisers,
regularisers and constraints, which only training needs, are dropped; custom classes, Lambda layers
and functions are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from smalti.classifier.keras.vocabulary import (
    ACTIVATIONS,
    FORMER_ACTIVATIONS,
    FORMER_NAMES,
    LAYERS,
    MODELS,
    OPERATION_MODULES,
    OPERATIONS,
    WITHOUT_EFFECT,
)
from smalti.errors import SmaltiError

Config = dict[str, Any]
Parameters = Callable[[str], frozenset[str]]
"""From the name of a layer to the arguments that today's Keras takes for it."""

_OWN = re.compile(r"(tf_)?keras(\.|$)|tensorflow\.(python\.)?keras(\.|$)")
_TRAINING_ONLY = re.compile(r".*_(initializer|regularizer|constraint)$")

# Arguments that today's Keras does not know mean nothing either while they have these values.
_EMPTY: tuple[Any, ...] = (None, False, [], {}, "")
_NEUTRAL = {"groups": 1, "name": None}

_LAMBDA = "It would run code from the file; smalti refuses that."
_TENSORFLOW = (
    "Build the model with keras.layers (Rescaling instead of x / 255) and save it again with Keras."
)


class Repair:
    """Checks and rewrites one model's config.

    Args:
        file: The file's name, for messages.
        parameters: What the installed Keras takes for each layer.
        legacy: Whether the result is for ``.h5`` (classes by bare name) or ``.keras``.
    """

    def __init__(self, file: str, parameters: Parameters, legacy: bool, keras_2: bool) -> None:
        self.file, self.parameters = file, parameters
        self.legacy, self.keras_2 = legacy, keras_2
        self._depth = 0

    def model(self, config: Any) -> Config:
        """Return the config of a whole model; SmaltiError says what cannot be had."""
        entry = self._entry(config)
        if entry["class_name"] not in MODELS:
            raise self._refused(f"holds a single layer ({entry['class_name']}), not a model")
        for ends, word in (("input_layers", "inputs"), ("output_layers", "outputs")):
            count = sum(1 for _ in _places(entry["config"].get(ends, [["", 0, 0]])))
            if count != 1:
                raise self._refused(
                    f"has {count} {word}; a classifier has one",
                    "Save the part that goes from the picture to the classes as its own model.",
                )
        return entry

    # One layer, model or operation

    def _entry(self, entry: Any) -> Config:
        if not isinstance(entry, dict) or not isinstance(entry.get("class_name"), str):
            raise self._refused("is damaged: its model_config is no description of a model")
        self._depth += 1
        if self._depth > 20:
            raise self._refused("holds models within models more than 20 deep")
        written: str = entry["class_name"]
        kind = FORMER_NAMES.get(written, written)
        config = entry.get("config")
        named = config.get("name", "") if isinstance(config, dict) else ""
        name = self._name(entry.get("name") or named or kind.lower())
        module = self._module(entry, kind, name)
        if kind in MODELS:
            new = self._of_model(kind, config)
        elif module in OPERATION_MODULES:
            new = {key: self._plain(value, name) for key, value in (config or {}).items()}
        else:
            new = self._of_layer(kind, name, config)
        if "name" in new or named:
            new["name"] = self._name(named or name)
        self._depth -= 1
        return self._enveloped(entry, kind, module, name, new)

    def _enveloped(self, entry: Config, kind: str, module: str, name: str, new: Config) -> Config:
        envelope: Config = {"class_name": kind, "config": new}
        if "inbound_nodes" in entry:
            envelope["name"] = name
            envelope["inbound_nodes"] = self._nodes(entry["inbound_nodes"], name)
        if self.legacy:
            return envelope
        envelope |= {"module": module, "registered_name": None}
        if isinstance(entry.get("build_config"), dict):
            envelope["build_config"] = self._plain(entry["build_config"], name)
        return envelope

    def _module(self, entry: Config, kind: str, name: str) -> str:
        """Return the public module of a class of Keras's own; refuse every other one."""
        if kind == "Lambda":
            raise self._refused(f"holds a Lambda layer ({name!r})", _LAMBDA)
        if kind in ("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer"):
            raise self._refused(
                f"holds an operation of TensorFlow ({name!r}) that only TensorFlow can run",
                _TENSORFLOW,
            )
        module, registered = entry.get("module"), entry.get("registered_name")
        own = module is None or (isinstance(module, str) and _OWN.match(module))
        package = str(registered or "").rpartition(">")[0]
        if not own or package not in ("", "keras", "keras.src"):
            origin = package or module
            raise self._custom(f"{kind} of {origin}", name)
        if kind in MODELS:
            return MODELS[kind]
        if module in OPERATION_MODULES and kind in OPERATIONS:
            return str(module)
        if kind not in LAYERS:
            raise self._custom(kind, name)
        return "keras.layers"

    def _of_model(self, kind: str, config: Any) -> Config:
        if isinstance(config, list):  # Sequential before Keras 2.3
            config = {"name": "sequential", "layers": config}
        if not isinstance(config, dict) or not isinstance(config.get("layers"), list):
            raise self._refused("is damaged: a model in it lists no layers")
        layers = config["layers"]
        new: Config = {"layers": [self._entry(layer) for layer in layers]}
        if "trainable" in config:
            new["trainable"] = bool(config["trainable"])
        if kind == "Sequential":
            opening = self._opening(config, layers)
            new["layers"] = opening + new["layers"]
        else:
            for key in ("input_layers", "output_layers"):
                places = self._renamed(config.get(key))
                # Keras 3 takes a list for several, and then hands lists from layer to layer.
                new[key] = places[0] if _is_single(places) else places
        return new

    def _opening(self, config: Config, layers: list[Any]) -> list[Config]:
        """Return the input layer that a Sequential model of older versions only implies."""
        first = layers[0] if layers else {}
        if first.get("class_name") == "InputLayer":
            return []
        inner = first.get("config")
        shape = inner.get("batch_input_shape") if isinstance(inner, dict) else None
        shape = shape or config.get("build_input_shape")
        if not shape:
            return []
        settings = {"batch_shape": self._batch(shape), "name": "pictures"}
        return [self._enveloped({}, "InputLayer", "keras.layers", "pictures", settings)]

    def _of_layer(self, kind: str, name: str, config: Any) -> Config:
        if not isinstance(config, dict):
            raise self._refused(f"is damaged: layer {name!r} has no settings")
        if kind == "InputLayer":
            shape = config.get("batch_shape") or config.get("batch_input_shape")
            return {"batch_shape": self._batch(shape), "name": name}
        known = self.parameters(kind)
        new: Config = {}
        for key, value in config.items():
            if _TRAINING_ONLY.match(key) or key in WITHOUT_EFFECT:
                continue
            if key in ("layer", "backward_layer", "forward_layer"):
                new[key] = self._inside(value)
            elif key.endswith("activation"):
                new[key] = self._activation(value, name)
            elif key not in known and kind not in ("LeakyReLU",):
                self._unheard(key, value, kind, name)
            elif key == "axis" and isinstance(value, list) and len(value) == 1:
                new[key] = int(value[0])
            else:
                new[key] = self._plain(value, name)
        return new

    def _inside(self, entry: Any) -> Config:
        """Return a layer that is another one's argument; both kinds of files name its module."""
        return {**self._entry(entry), "module": "keras.layers", "registered_name": None}

    def _unheard(self, key: str, value: Any, kind: str, name: str) -> None:
        """Drop an argument unknown to today's Keras; one that meant something is refused."""
        if value in _EMPTY or _NEUTRAL.get(key, _EMPTY) == value:
            return
        raise self._refused(
            f"has a {kind} layer ({name!r}) with {key}={value!r:.60}, which Keras 3 does not know",
            "Only the Keras version that wrote the file can use it.",
        )

    # Values inside a layer

    def _activation(self, value: Any, name: str) -> Any:
        if value is None:
            return None
        if isinstance(value, dict) and value.get("class_name") != "function":
            if value.get("class_name") in LAYERS | set(FORMER_NAMES) | {"Lambda"}:
                return self._inside(value)
            value = value.get("class_name")
        elif isinstance(value, dict):
            value = value.get("config")
        if not isinstance(value, str):
            raise self._refused(f"is damaged: the activation of layer {name!r} has no name")
        function = FORMER_ACTIVATIONS.get(value, value)
        if function not in ACTIVATIONS:
            raise self._custom(f"the activation {value!r}", name)
        if function == "hard_sigmoid" and self.keras_2:
            raise self._refused(
                f"was written by Keras 2 with hard_sigmoid (layer {name!r}), which is another "
                "function in Keras 3"
            )
        return function

    def _plain(self, value: Any, name: str) -> Any:
        """Return numbers, texts and lists of them; objects are refused."""
        if isinstance(value, dict):
            if "class_name" not in value:
                return {str(key): self._plain(inner, name) for key, inner in value.items()}
            kind, content = value["class_name"], value.get("config")
            if kind in ("__tuple__", "TensorShape"):
                return self._plain(value.get("items", content), name)
            if kind in ("__numpy__", "__tensor__") and isinstance(content, dict):
                return self._plain(content.get("value"), name)
            if kind == "__lambda__":
                raise self._refused(f"holds a Python function in layer {name!r}", _LAMBDA)
            raise self._custom(str(kind), name)
        if isinstance(value, list):
            return [self._plain(inner, name) for inner in value]
        if value is None or isinstance(value, str | int | float):
            return value
        raise self._refused(f"is damaged: layer {name!r} holds {type(value).__name__}")

    def _batch(self, shape: Any) -> list[int | None]:
        """Return a batch shape whose number of pictures is free."""
        shape = self._plain(shape, "input")
        if not isinstance(shape, list) or not shape:
            raise self._refused("does not say what shape its input has")
        if not all(side is None or (isinstance(side, int) and side > 0) for side in shape[1:]):
            raise self._refused(f"is damaged: its input has the shape {shape}")
        return [None, *shape[1:]]

    # The graph

    def _nodes(self, nodes: Any, name: str) -> Any:
        if not isinstance(nodes, list):
            raise self._refused(f"is damaged: layer {name!r} does not say what it follows")
        return [self._node(node, name) for node in nodes]

    def _node(self, node: Any, name: str) -> Any:
        if isinstance(node, list):  # Keras 2: [name, node, tensor, keywords]
            node = [node] if node and isinstance(node[0], str) else node
            return [
                [*self._renamed(place[:3]), *(self._plain(extra, name) for extra in place[3:])]
                for place in node
            ]
        return {key: self._argument(node.get(key), name) for key in ("args", "kwargs")}

    def _argument(self, value: Any, name: str) -> Any:
        """Return a call's argument: tensors of other layers stay, everything else is plain."""
        if isinstance(value, list):
            return [self._argument(inner, name) for inner in value]
        if not isinstance(value, dict):
            return self._plain(value, name)
        kind, content = value.get("class_name"), value.get("config")
        if kind is None:
            return {key: self._argument(inner, name) for key, inner in value.items()}
        if kind == "__keras_tensor__" and isinstance(content, dict):
            history = self._renamed(content.get("keras_history"))
            shape = self._plain(content.get("shape"), name)
            inner = {"shape": shape, "dtype": "float32", "keras_history": history}
            return {"class_name": kind, "config": inner}
        if kind == "__tuple__":
            return {"class_name": kind, "items": self._argument(value.get("items"), name)}
        return self._plain(value, name)

    def _renamed(self, place: Any) -> Any:
        if isinstance(place, list) and len(place) >= 3 and isinstance(place[0], str):
            return [self._name(place[0]), *map(int, place[1:3])]
        if isinstance(place, list):
            return [self._renamed(inner) for inner in place]
        raise self._refused("is damaged: its layers are not joined to each other")

    def _name(self, name: Any) -> str:
        """Return a layer's name; Keras 2 allowed ``conv1/relu``, but no way out of a folder."""
        text = str(name)
        if unsafe_path(text):
            raise self._refused(f"has a layer whose name leads out of its folder ({text!r:.60})")
        return text.replace("/", "_")

    def _custom(self, what: str, name: str) -> SmaltiError:
        return self._refused(
            f"needs {what} in layer {name!r}, which is not part of Keras",
            "Code that is not in the file would have to run; smalti takes Keras's own layers only.",
        )

    def _refused(self, problem: str, hint: str = "") -> SmaltiError:
        return SmaltiError(f"{self.file} {problem}.", hint)


def _is_single(places: Any) -> bool:
    return isinstance(places, list) and len(places) == 1 and isinstance(places[0], list)


def unsafe_path(name: str) -> bool:
    """Tell whether a name inside a file would lead out of the folder it is unpacked to."""
    parts = re.split(r"[/\\]", name)
    absolute = name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name) is not None
    return absolute or ".." in parts or "\\" in name or "\0" in name


def _places(ends: Any) -> Iterator[list[Any]]:
    """Yield each ``[name, node, tensor]`` of a model's inputs or outputs, however nested."""
    if isinstance(ends, list) and len(ends) >= 3 and isinstance(ends[0], str):
        yield ends
    elif isinstance(ends, list):
        for inner in ends:
            yield from _places(inner)
    elif isinstance(ends, dict):
        for inner in ends.values():
            yield from _places(inner)


def layers(config: Config) -> Iterator[tuple[str, Config]]:
    """Yield class and settings of every layer of a repaired config, those of inner models too."""
    for entry in config["config"]["layers"]:
        if entry["class_name"] in MODELS:
            yield from layers(entry)
        else:
            yield entry["class_name"], entry["config"]
