"""The Python face: the rooms put together. Every command of the command line calls these.

Each function imports the rooms that it needs: predicting one picture waits for no training code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smalti.data.dataset import Dataset
from smalti.data.handwriting import read_handwriting
from smalti.data.load import built_in_name, load_data
from smalti.errors import SmaltiError
from smalti.plotting import plot, plot_pictures, plot_prediction
from smalti.recipes import Recipe, resolve
from smalti.recipes.options import checked, with_options
from smalti.runs import Run

if TYPE_CHECKING:
    from smalti.classifier.files import FileClassifier
    from smalti.classifier.protocol import Classifier, Pictures
    from smalti.evaluation.evaluating import Evaluation
    from smalti.findings import Faults
    from smalti.formats.exporting import Export
    from smalti.reporting.plots.canvas import Plot
    from smalti.robustness import Robustness
    from smalti.search.plan import Plan
    from smalti.standings import Comparison
    from smalti.training.progress import Listener

Source = str | Path | tuple[Any, ...] | Dataset

__all__ = [
    "check_data",
    "compare",
    "evaluate",
    "explain",
    "export",
    "load",
    "load_data",
    "plot",
    "plot_pictures",
    "plot_prediction",
    "read_handwriting",
    "report",
    "resume",
    "show_data",
    "stress",
    "train",
    "train_seeds",
]


def train(
    data: Source,
    recipe: str | Path | Recipe | None = None,
    *,
    seed: int | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    target: float | None = None,
    set: Mapping[str, Any] | None = None,
    out: str | Path = "runs",
    data_dir: str | Path | None = None,
    log: str | Sequence[str] = (),
    listener: Listener | None = None,
) -> Run:
    """Train a classifier and return its run folder.

    ``data`` is what :func:`load_data` takes, or what it returned. ``recipe`` is a name or a JSON
    file, without one that of the model's own name, and where ``set`` names no model ``fast`` for
    MNIST, Fashion-MNIST and CIFAR-10 and ``cnn`` for the rest; ``set`` replaces any of its fields
    by dotted name, ``{"optimizer.name": "adamw"}``. ``target``, an accuracy in percent, takes the
    shortest plan of the recipe ``fast`` for it. The run is ``out/<data>-<recipe>-<seed>``; nothing
    is ever overwritten. Nothing here reads the test part: see :func:`evaluate`. Progress is shown
    as suits the place; pass a plain ``Listener()`` for silence. ``log`` names trackers that the
    epochs are logged to as well (``tensorboard``, ``mlflow``, ``wandb``; each is an extra).
    With the extra ``smalti[onnx]`` the run ends with an ONNX file of its weights.
    """
    options = dict(set or {})
    named = {
        "seed": seed,
        "target": target,
        "training.epochs": epochs,
        "training.batch_size": batch_size,
    }
    options |= {name: value for name, value in named.items() if value is not None}
    [run] = train_seeds(
        data,
        recipe,
        options=options,
        out=out,
        data_dir=data_dir,
        log=log,
        make_listener=None if listener is None else lambda: listener,
    )
    return run


def train_seeds(
    data: Source,
    recipe: str | Path | Recipe | None = None,
    *,
    seeds: int = 1,
    options: Mapping[str, Any] | None = None,
    out: str | Path = "runs",
    data_dir: str | Path | None = None,
    log: str | Sequence[str] = (),
    make_listener: Callable[[], Listener] | None = None,
    command: str = "",
) -> Iterator[Run]:
    """Train the recipe with ``seeds`` consecutive seeds; yield each run as it is finished.

    All share the data set and its validation pictures; only the seed differs. Each has a log of
    its own at the trackers in ``log``.
    """
    from smalti.formats.onnx import write_after_training
    from smalti.search.many import train_many
    from smalti.training.display import make_display
    from smalti.training.tracking import asked_for, tracked

    trackers = asked_for(log)
    first, dataset = prepare(data, recipe, options or {}, data_dir)
    if trackers and first.baseline.name:
        raise SmaltiError(
            f"There is nothing to log to {trackers[0]}: {first.baseline.name} knows no epochs.",
            "Leave out --log; its figures are in the run folder, and smalti compare shows them.",
        )
    recipes = [replace(first, seed=first.seed + number) for number in range(seeds)]
    made = make_listener or make_display
    for run in train_many(recipes, dataset, out, lambda: tracked(made(), trackers), command):
        if not run.is_baseline():
            write_after_training(run)
        yield run


def prepare(
    data: Source,
    recipe: str | Path | Recipe | None = None,
    options: Mapping[str, Any] | None = None,
    data_dir: str | Path | None = None,
) -> tuple[Recipe, Dataset]:
    """Return the complete recipe and the data set divided as it says."""
    options = {name: checked(name, value) for name, value in (options or {}).items()}
    wanted = resolve(recipe, _name_of(data), options)
    if isinstance(data, Dataset):
        return _as_divided(wanted, data, options), data
    if wanted.data.source and not str(data):
        data = wanted.data.source
    return wanted, _load(data, wanted, data_dir)


def resume(
    run: str | Path | Run,
    data: Source | None = None,
    *,
    data_dir: str | Path | None = None,
    listener: Listener | None = None,
) -> Run:
    """Continue an unfinished run exactly where it stopped.

    ``data`` is only needed where the run was trained on arrays in memory. The trackers that the run
    was begun with go on with their logs.
    """
    from smalti.formats.onnx import write_after_training
    from smalti.training import session
    from smalti.training.display import make_display
    from smalti.training.tracking import tracked_again

    run = _opened(run)
    if run.is_baseline():
        from smalti.baselines.fitting import cannot_resume

        raise cannot_resume(run)
    if session.already_finished(run):
        return run
    dataset = dataset_of(run, data, data_dir)
    session.resume(run, dataset, tracked_again(listener or make_display(), run))
    write_after_training(run)
    return run


def load(
    path: str | Path | Run,
    *,
    data: Source | None = None,
    scale: str | None = None,
    fit: bool = False,
    data_dir: str | Path | None = None,
    precision: str = "float32",
    quickest: bool = False,
) -> Classifier:
    """Return the classifier of a run folder, or of a Keras or ONNX file, ready to predict.

    A run answers through PyTorch in ``precision`` (``float32``, ``bfloat16``, ``auto``); with
    ``quickest`` through its ONNX file, where it has one of these very weights.

    The other options are for files (``.keras``, ``.h5``, ``.onnx``). How pixels go into a Keras
    file that smalti did not write is said by ``scale`` (``0-1``, ``0-255``, ``-1-1``), or found out
    on validation pictures of ``data``, which also gives the class names; ``fit`` allows data of
    another size or colour.
    """
    from smalti.classifier import loading

    if not loading.is_model_file(path):
        loading.require_run_options(path, data=data, scale=scale, fit=fit)
        opened = loading.load_quickest if quickest else loading.load_run
        return opened(_opened(path), precision)
    loading.require_float32(path, precision)
    if data is None:
        return loading.open_file(Path(path), scale)
    return load_for(path, data, scale=scale, fit=fit, data_dir=data_dir)[0]


def load_for(
    path: str | Path,
    data: Source,
    *,
    scale: str | None = None,
    fit: bool = False,
    data_dir: str | Path | None = None,
) -> tuple[FileClassifier, Dataset]:
    """Return the classifier of a file for some data, and the data as it takes them.

    The options are those of :func:`load`. A folder of pictures is read at the network's own size.
    """
    from smalti.classifier.loading import open_for

    if isinstance(data, Dataset):
        return open_for(path, data, scale, fit)
    return open_for(path, lambda side: _sized(data, side, data_dir), scale, fit)


def export(
    run: str | Path | Run,
    format: str | None = None,
    to: str | Path | None = None,
    *,
    replace: bool = False,
) -> Export:
    """Write a run's classifier as a file for other programs; return it, usable as a path.

    ``format`` is ``keras`` (the default), ``h5`` or ``onnx``; without it the ending of ``to`` says
    which. Without ``to`` the file is ``model.<format>`` in the run, which is always written anew; a
    file ``to`` that is there already is an error unless ``replace``. It takes pictures N×H×W×C
    from 0 to 255 (float for Keras, uint8 for ONNX) and gives probabilities, and is compared with
    the run before it is put in place.
    """
    from smalti.formats.exporting import format_of, require_new
    from smalti.names import FORMATS

    run = _opened(run)
    wanted = format_of(to, format)
    target = run.exported_file(wanted) if to is None else Path(to)
    if to is not None and not replace:
        require_new(target)
    done: Export = FORMATS[wanted].load()(run, target, wanted)
    return done


def evaluate(
    run: str | Path | Run,
    data: Source | None = None,
    *,
    again: bool = False,
    precision: str = "float32",
    data_dir: str | Path | None = None,
    out: str | Path | None = None,
    scale: str | None = None,
    fit: bool = False,
) -> Evaluation:
    """Measure a run on the test part of its data and store the results in the run.

    A second call returns what was stored; ``again=True`` measures again and counts it.

    A file (``.keras``, ``.h5``, ``.onnx``) needs ``data``; ``scale`` and ``fit`` are as for
    :func:`load`. The results are stored in ``out``, which becomes a run folder, or nowhere.
    """
    from smalti.classifier.loading import is_model_file, require_float32, require_run_options
    from smalti.evaluation import evaluating

    if is_model_file(run):
        require_float32(run, precision)
        return _evaluate_file(Path(run), data, again, data_dir, out, scale, fit)
    require_run_options(run, out=out, scale=scale, fit=fit)
    run = _opened(run)
    dataset = cache(lambda: dataset_of(run, data, data_dir))
    found = evaluating.evaluate(run, dataset, again, precision)
    if not found.stored and run.classifier()["kind"] == "native":
        from smalti.explanations.storing import store_explanations

        store_explanations(run, dataset().part("test"))
    return found


def stress(
    run: str | Path | Run,
    data: Source | None = None,
    *,
    n: int | None = None,
    all: bool = False,
    attacks: bool = True,
    again: bool = False,
    precision: str = "float32",
    data_dir: str | Path | None = None,
    out: str | Path | None = None,
    scale: str | None = None,
    fit: bool = False,
) -> Robustness:
    """Measure a run where pictures get worse: 15 corruptions, each in five strengths.

    ``n`` test pictures are seen in every state (2,000, every class in its proportion), or ``all``.
    ``attacks`` (FGSM and PGD, on 500 of them) need a network that smalti trained; of others the
    result says why there are none. Everything is stored in the run, and drawn in its ``plots``; a
    second call returns what was stored, ``again=True`` measures again.

    A file (``.keras``, ``.h5``, ``.onnx``) needs ``data``; the options are those of
    :func:`evaluate`, with which ``out`` is evaluated too.
    """
    from smalti.classifier.loading import is_model_file, require_float32, require_run_options
    from smalti.evaluation import stressing

    wish = stressing.Wish(n, all, attacks)
    if is_model_file(run):
        require_float32(run, precision)
        if data is None:
            raise _without_data("stress", run)
        if out is None:
            classifier, dataset = load_for(run, data, scale=scale, fit=fit, data_dir=data_dir)
            return stressing.stress_classifier(classifier, dataset, wish, Path(run))
        run = evaluate(run, data, data_dir=data_dir, out=out, scale=scale, fit=fit).path
    else:
        require_run_options(run, out=out, scale=scale, fit=fit)
    run = _opened(run)
    found = stressing.stress(run, lambda: dataset_of(run, data, data_dir), wish, again, precision)
    if not found.stored:
        plot(run, "stress", to=run.plots_folder)
    return found


def explain(
    run: str | Path | Run | Classifier,
    pictures: Pictures,
    *,
    classes: Sequence[str] = (),
    top: int = 2,
    names: Sequence[str] = (),
    to: str | Path | None = None,
) -> Plot:
    """Draw where pictures speak for the classes that a classifier takes them for.

    ``pictures`` are files, or an array (uint8 N×H×W×C). ``classes`` are explained for every
    picture; without them the ``top`` likeliest. ``names`` stand beside the pictures. A run's own
    networks are looked into (LayerCAM); for files of others parts of the picture are hidden in turn
    (occlusion). ``to`` is the file or the folder that the drawing is written to as well.
    """
    from smalti.plotting import plot_explanation

    classifier = load(run) if isinstance(run, str | Path | Run) else run
    return plot_explanation(classifier, pictures, classes, top, names, to=to)


def compare(
    what: Source | Sequence[str | Path | Run] | None = None,
    recipes: Sequence[str | Path | Recipe] | None = None,
    *,
    recipe: str | Path | Recipe | None = None,
    vary: Mapping[str, Sequence[Any]] | None = None,
    tries: Sequence[Mapping[str, Any]] | None = None,
    seeds: int | None = None,
    epochs: int | None = None,
    set: Mapping[str, Any] | None = None,
    test: bool = False,
    minutes: float | None = None,
    resume: str | Path | None = None,
    out: str | Path | None = None,
    data_dir: str | Path | None = None,
    command: str = "",
) -> Comparison:
    """Compare several ways of training, or finished runs; return the table, which shows itself.

    ``what`` is data as :func:`load_data` takes them, or a list of runs. Data are trained on:
    ``recipes`` as they are, and ``recipe`` (as :func:`train` where none is named) with every
    combination of the values in ``vary``, ``{"model.dropout": [0, 0.25]}``, or beside it as it is
    one change at a time, ``tries=[{"training.ema": 0.99}]``; each with ``seeds`` seeds (3). The
    first is the baseline. ``epochs`` and ``set`` are for all that listen to them. They are judged
    on the same validation pictures, with ``test`` on the test set, which that opens.

    Everything lies in ``out/compare-<data>-<n>`` (``out`` is ``runs``). ``minutes`` begins no run
    that would end later; ``resume`` goes on in such a folder, with more ``seeds`` where given.
    """
    from smalti.search import comparing
    from smalti.search import plan as plans
    from smalti.search.asked import SEEDS, Asked
    from smalti.search.variants import on_same_pictures

    options = {**(set or {}), **({} if epochs is None else {"training.epochs": epochs})}
    asked = Asked(what, recipes, recipe, vary, tries, seeds, options, resume, out)
    if resume is not None:
        asked.require_resuming_alone()
        plan = plans.read(resume)
        dataset = _planned_data(plan, what or None, data_dir)
        return comparing.resume(plans.widened(plan, seeds, test), dataset, minutes)
    runs = asked.runs()
    if runs is not None:
        asked.require_runs_alone(minutes)
        return comparing.compare_runs(
            runs, lambda run: dataset_of(run, None, data_dir), test=test, out=out or "runs"
        )
    variants = asked.variants(_name_of(asked.data))
    divided = {name: value for name, value in options.items() if name.startswith("data.")}
    first, dataset = prepare(asked.data, variants[0].recipe, divided, data_dir)
    return comparing.compare_variants(
        dataset,
        on_same_pictures(variants, first),
        seeds=SEEDS if seeds is None else seeds,
        test=test,
        minutes=minutes,
        out=out or "runs",
        command=command,
    )


def report(run: str | Path | Run) -> Path:
    """Write the run's one-file report and its model card from its files; return the report's path.

    A card that somebody has edited is left as it is.
    """
    from smalti.reporting.card import write_card
    from smalti.reporting.page import write_report

    run = _opened(run)
    write_card(run)
    return write_report(run)


def _sized(data: Source, side: int, data_dir: str | Path | None) -> Dataset:
    """Return a data set for a network that takes pictures of this side (0: of any).

    Folders are read at that size; sets of one size keep it.
    """
    folder = isinstance(data, str | Path) and Path(data).is_dir() and not built_in_name(str(data))
    return load_data(data, image_size=side if folder else 0, data_dir=data_dir)


def _evaluate_file(
    path: Path,
    data: Source | None,
    again: bool,
    data_dir: str | Path | None,
    out: str | Path | None,
    scale: str | None,
    fit: bool,
) -> Evaluation:
    from smalti.evaluation import files

    if data is None:
        raise _without_data("evaluate", path)
    opened = partial(load_for, path, data, scale=scale, fit=fit, data_dir=data_dir)
    return files.evaluate(path, opened, None if out is None else Path(out), again)


def _without_data(command: str, path: str | Path) -> SmaltiError:
    return SmaltiError(
        f"{path} does not say what it is to be measured on.",
        f"Name the data: smalti {command} {path} --data mnist",
    )


def check_data(
    data: Source,
    run: str | Path | Run | None = None,
    *,
    folds: int | None = None,
    recipe: str | Path | Recipe | None = None,
    likeness: float | None = None,
    out: str | Path | None = None,
    data_dir: str | Path | None = None,
    command: str = "",
) -> Faults:
    """Look for what is wrong with data: labels, near-duplicates, pictures that lie apart.

    Near-duplicates are found by perceptual hash, with a ``run`` of the same data by its network's
    embedding, too; that shows what lies apart, and its answers for the validation pictures judge
    their labels. With ``folds`` (5) as many models by the run's recipe, or ``recipe``, judge the
    labels of all training pictures, each those that it was not trained on; called again, what is
    finished is kept. ``likeness`` (0.5 to 1) is from where on two pictures are almost the same:
    0.75, or more where all pictures of the set are alike.

    Page and tables lie in the run's ``data-check``; without a run in ``out/check-<data>``, where
    ``out`` or ``folds`` is given, otherwise nothing is written. Test labels judge no picture.
    """
    from smalti.search.inspecting import inspect

    if likeness is not None and not 0.5 <= likeness <= 1:
        raise SmaltiError(
            f"likeness expects 0.5 to 1, not {likeness:g}: below, pictures differ visibly.",
            "Leave it out: it is then chosen by how alike these pictures are in general.",
        )
    if recipe is not None and folds is None:
        raise SmaltiError(
            "A recipe is for the models of folds.", "Add them: --folds 5, or leave --recipe out."
        )
    opened = None if run is None else _opened(run)
    wanted, dataset = _to_check(data, opened, recipe, folds, data_dir)
    if opened is not None:
        from smalti.evaluation.evaluating import require_same_data

        require_same_data(opened, dataset)
    folder = _check_folder(opened, dataset, folds, out)
    judged = None
    if wanted is not None and folds is not None and folder is not None:
        from smalti.search.folds import judge

        judged = judge(dataset, wanted, folds, folder / "folds", command or "the same call")
    return inspect(dataset, opened, judged, folder, likeness)


def _to_check(
    data: Source,
    run: Run | None,
    recipe: str | Path | Recipe | None,
    folds: int | None,
    data_dir: str | Path | None,
) -> tuple[Recipe | None, Dataset]:
    """Return the recipe of the folds (None without them), and the data divided as the run's are."""
    if run is None and folds is not None:
        return prepare(data, recipe, {}, data_dir)
    if run is None:
        return None, load_data(data, data_dir=data_dir)
    dataset = dataset_of(run, data, data_dir)
    if folds is None:
        return None, dataset
    if recipe is None and run.classifier()["kind"] != "native" and not run.is_baseline():
        raise SmaltiError(
            f"{run.path} is of a file that others trained: it has no recipe for the folds.",
            "Name one: --recipe cnn",
        )
    wanted = run.recipe() if recipe is None else resolve(recipe, _name_of(data), {})
    return wanted, dataset


def _check_folder(
    run: Run | None, dataset: Dataset, folds: int | None, out: str | Path | None
) -> Path | None:
    from smalti.runs import safe_name

    if run is not None:
        if out is not None:
            raise SmaltiError(
                f"With a run its folder takes what is found: {run.data_check_folder}.",
                "Leave --out out.",
            )
        return run.data_check_folder
    if out is None and folds is None:
        return None
    return Path(out or "runs") / f"check-{safe_name(dataset.name)}"


def show_data(
    data: Source,
    augment: str | Path | Recipe | None = None,
    *,
    part: str = "train",
    n: int | None = None,
    columns: int = 0,
    seed: int = 0,
    image_size: int | None = None,
    to: str | Path | None = None,
    data_dir: str | Path | None = None,
) -> Path:
    """Write a labelled sheet with ``n`` pictures of every class of a part; return its path.

    With ``augment`` (a recipe) one picture of each class stands beside ``n`` versions of it, as
    the recipe's training feeds them to the network. ``columns`` is the number of blocks of classes
    side by side, 0 as many as suit; ``seed`` chooses the pictures and their changes. ``to`` is a
    ``.png`` or ``.svg`` file, or a folder; without it the file is named after the data, and lies
    here.
    """
    from smalti.data.load import load_given
    from smalti.data.splits import with_parts
    from smalti.showing import class_sheet

    recipe = None
    if augment is not None:
        size = {} if image_size is None else {"data.image_size": image_size}
        recipe, dataset = prepare(data, augment, size, data_dir)
    else:
        dataset = load_given(data, image_size=image_size or 0, data_dir=data_dir)
        dataset = dataset if part in dataset.parts else with_parts(dataset)
    sheet = class_sheet(dataset, recipe, part=part, number=n, blocks=columns, seed=seed)
    return sheet.save("." if to is None else to)


def dataset_of(run: Run, data: Source | None = None, data_dir: str | Path | None = None) -> Dataset:
    """Return the data set of a run, divided as it was when the run was trained."""
    if isinstance(data, Dataset):
        return data
    recipe = run.data_recipe()
    source: Any = data if data is not None else recipe.data.source
    if isinstance(source, str) and not source:
        raise SmaltiError(
            f"{run.path} was trained on arrays in memory, and they are not stored.",
            "Pass the same arrays: smalti.evaluate(run, data=(x, y, x_test, y_test)).",
        )
    return _load(source, recipe, data_dir)


def _planned_data(plan: Plan, data: Any, data_dir: str | Path | None) -> Dataset:
    """Return the data set of a comparison, divided as its recipes say."""
    if isinstance(data, Dataset):
        return data
    source = plan.source if data is None else data
    if isinstance(source, str) and not source:
        raise SmaltiError(
            f"{plan.folder} was trained on arrays in memory, and they are not stored.",
            "Pass the same arrays: smalti.compare((x, y), resume=folder).",
        )
    return _load(source, plan.variants[0].recipe, data_dir)


def _load(data: Source, recipe: Recipe, data_dir: str | Path | None) -> Dataset:
    wanted = recipe.data
    return load_data(
        data,
        image_size=wanted.image_size,
        validation=wanted.validation,
        split_seed=wanted.split_seed,
        split=wanted.split,
        data_dir=data_dir,
    )


def _as_divided(recipe: Recipe, dataset: Dataset, options: Mapping[str, Any]) -> Recipe:
    """Return the recipe with the division that a loaded data set has; another wish is refused."""
    has = {
        "data.image_size": dataset.image_size,
        "data.validation": dataset.validation,
        "data.split_seed": dataset.split_seed,
        "data.split": dataset.pooled,
    }
    for name, value in has.items():
        if options.get(name, value) != value:
            argument = f"{name.removeprefix('data.')}={options[name]!r}"
            raise SmaltiError(
                f"{name}={options[name]} comes too late: the data set was loaded with {value!r}.",
                f"Say it when loading: load_data(…, {argument}).",
            )
    return with_options(recipe, has)


def _name_of(data: Source) -> str:
    """The name by which recipes know a data set; anything but the built-in ones is general."""
    if isinstance(data, Dataset):
        return data.name
    return (built_in_name(data) if isinstance(data, str) else None) or ""


def _opened(run: str | Path | Run) -> Run:
    return run if isinstance(run, Run) else Run(run)
