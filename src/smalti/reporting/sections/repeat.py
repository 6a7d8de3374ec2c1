"""How to repeat the run, how to use it, and every setting that made it."""

from __future__ import annotations

import shlex

from smalti.reporting.facts import Facts, flat
from smalti.reporting.section import Section


def repeat(facts: Facts) -> Section:
    """Return command lines, and the complete recipe as dotted names."""
    source = facts.config.section("data").text("source") or "DATA"
    recipe = shlex.quote(str(facts.run.config_file))
    commands = [
        ("Train it again", f"smalti train {shlex.quote(source)} --recipe {recipe}"),
    ]
    if not facts.method:
        commands.append(("Use it", f"smalti predict {facts.path} picture.png"))
    if not facts.metrics:
        commands.insert(1, ("Open the test set", facts.evaluate_command))
    values = {
        "commands": commands,
        "settings": [(name, _say(value)) for name, value in flat(facts.config.values)],
        "typed": facts.environment.text("command"),
        "commit": facts.environment.values.get("git_commit") or "",
        "fingerprint": facts.environment.section("data").text("fingerprint"),
    }
    title = "Repeat it" if facts.method else "Repeat it, use it"
    return Section("repeat", title, values)


def _say(value: object) -> str:
    """Return a value as ``--set`` takes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value)
