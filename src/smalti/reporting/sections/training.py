"""What was trained: data, network, recipe, machine and time."""

from __future__ import annotations

from smalti.recipes.words import in_words
from smalti.reporting.facts import Facts
from smalti.reporting.section import Section
from smalti.wording import count, duration, plural

Row = tuple[str, str]


def training(facts: Facts) -> Section:
    """Return the facts of the training in three groups: data, network, machine."""
    groups = (
        ("Data", _data(facts)),
        ("Method", _method(facts)) if facts.method else ("Network and recipe", _network(facts)),
        ("Time and machine", _machine(facts)),
    )
    return Section("training", "What was trained", {"words": _words(facts), "groups": groups})


def _words(facts: Facts) -> str:
    """Return the recipe in words; a file of others does not tell how it was trained."""
    if facts.method or facts.classifier.text("kind", "native") != "native":
        return ""
    kept = facts.environment.section("data").number("validation")
    return in_words(facts.run.recipe(), None if kept is None else int(kept))


def _data(facts: Facts) -> list[Row]:
    data = facts.environment.section("data")
    shape = facts.classifier.values.get("input_shape", [])
    names = facts.classifier.texts("class_names")
    parts = [
        f"{count(number)} {part}"
        for part in ("train", "validation", "test")
        if (number := data.number(part))
    ]
    return _known(
        ("Data set", facts.data_name),
        ("Pictures", ", ".join(parts)),
        ("Size", _size(shape)),
        ("Classes", _classes(names)),
        ("Split", data.text("split")),
    )


def _network(facts: Facts) -> list[Row]:
    parameters = facts.classifier.number("parameters")
    epochs, chosen = len(facts.history), facts.chosen_epoch
    optimizer, schedule = facts.config.section("optimizer"), facts.config.section("schedule")
    rate = optimizer.number("learning_rate")
    batch = facts.config.section("training").number("batch_size")
    return _known(
        ("Model", facts.config.section("model").text("name")),
        ("Parameters", count(parameters) if parameters is not None else ""),
        ("Recipe", f"{facts.config.text('name')}, seed {facts.config.number('seed') or 0:g}"),
        ("Epochs", str(epochs) + (f", epoch {chosen} kept" if chosen else "") if epochs else ""),
        ("Optimizer", optimizer.text("name") + (f", learning rate {rate:g}" if rate else "")),
        ("Schedule", schedule.text("name")),
        ("Batch size", count(batch) if batch else ""),
        ("Augmentation", facts.config.section("augmentation").text("policy")),
    )


def _method(facts: Facts) -> list[Row]:
    fitted = facts.environment.section("baseline")
    pictures = fitted.number("pictures")
    settings = facts.config.section("baseline").values.items()
    return _known(
        ("Method", facts.method),
        *((name, str(value)) for name, value in settings if name not in ("name", "pictures")),
        ("Fitted on", f"{count(pictures)} pictures" if pictures else ""),
        ("Outputs", fitted.text("outputs")),
        ("Seed", f"{facts.config.number('seed') or 0:g}"),
        *(("To be said", fact) for fact in fitted.texts("facts")),
    )


def _machine(facts: Facts) -> list[Row]:
    environment = facts.environment
    device, name = environment.text("device"), environment.text("device_name")
    threads = environment.number("threads")
    return _known(
        ("Training took", duration(environment.number("seconds")) if _ended(facts) else ""),
        ("Speed", _speed(facts)),
        ("Device", f"{device} ({name})" if name and name != device else device),
        ("Precision", _precision(facts)),
        ("Threads", count(threads) if threads else ""),
        ("Finished", environment.text("finished")[:16].replace("T", " ")),
        ("Versions", _versions(facts)),
    )


def _known(*rows: Row) -> list[Row]:
    return [row for row in rows if row[1]]


def _ended(facts: Facts) -> bool:
    return facts.environment.number("seconds") is not None


def _size(shape: object) -> str:
    if not (isinstance(shape, list) and len(shape) == 3):
        return ""
    height, width, channels = shape
    return f"{height} × {width} pixels, {'grey' if channels == 1 else 'colour'}"


def _classes(names: tuple[str, ...]) -> str:
    if not names:
        return ""
    few = len(names) <= 12
    return f"{len(names)}: {', '.join(names)}" if few else plural(len(names), "class", "classes")


def _speed(facts: Facts) -> str:
    n = facts.environment.section("data").number("train")
    seconds = sum(row["seconds"] or 0 for row in facts.history)
    if not n or not seconds:
        return ""
    return f"{count(n * len(facts.history) / seconds)} training pictures a second"


def _precision(facts: Facts) -> str:
    precision = facts.environment.text("precision")
    channels_last = facts.environment.values.get("channels_last") is True
    return f"{precision}, channels last" if precision and channels_last else precision


def _versions(facts: Facts) -> str:
    names = ("smalti", "torch", "scikit-learn", "python")
    versions = [(name, facts.environment.text(name)) for name in names]
    return ", ".join(f"{name} {version}" for name, version in versions if version)
