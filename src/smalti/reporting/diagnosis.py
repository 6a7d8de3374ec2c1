"""What the curves and the pictures say, from the run's files: the findings of ``smalti.advice``."""

from __future__ import annotations

from smalti.advice.course import Course, read_course
from smalti.advice.finding import Finding
from smalti.advice.judging import judge
from smalti.advice.pictures import PictureFacts, judge_pictures
from smalti.reporting.facts import Facts
from smalti.wording import percent, plural


def diagnose(facts: Facts) -> list[Finding]:
    """Return what the curves say, the weightiest first; without curves, nothing.

    Where there is nothing to find, one finding without a remedy says so.
    """
    course = course_of(facts)
    if course is None:
        return []
    found = judge(course)
    remark = _remark(course, found)
    return [*found, *([remark] if remark else [])]


def pictures_of(facts: Facts) -> list[Finding]:
    """Return what is wrong with the pictures and labels, as they were counted for training."""
    counted = survey_of(facts)
    return judge_pictures(counted, facts.run.recipe(), facts.data_name) if counted else []


def survey_of(facts: Facts) -> PictureFacts | None:
    """Return what was counted in the data when training began, or None in older runs."""
    content = facts.environment.section("data").section("survey").values
    return PictureFacts.from_dict(content) if content else None


def course_of(facts: Facts) -> Course | None:
    """Return the course of the training, or None where no epoch is finished."""
    if not facts.history:
        return None
    data = facts.environment.section("data")
    survey = survey_of(facts)
    return read_course(
        facts.history,
        facts.run.recipe(),
        data=facts.data_name,
        chosen_epoch=facts.chosen_epoch,
        n_classes=len(facts.classifier.texts("class_names")),
        largest_class=survey.largest_share if survey else 0.0,
        n_train=int(data.number("train") or 0),
        n_validation=int(data.number("validation") or 0),
        device=facts.environment.text("device", "cpu"),
    )


def _remark(course: Course, found: list[Finding]) -> Finding | None:
    """Return what a reader of the curves should know where they cannot be judged, or are good."""
    if found:
        return None
    if len(course.epochs) < 3:
        return Finding(
            "Too short to judge",
            f"The curves of {plural(len(course.epochs), 'epoch')} say nothing about over- or "
            "underfitting; train longer.",
        )
    if not course.validated:
        return Finding(
            "Overfitting cannot be seen",
            "The run kept no validation pictures; a run with some shows how long to train.",
        )
    return Finding(
        "No clear sign of over- or underfitting",
        f"At the chosen epoch training accuracy is {percent(course.train_accuracy[course.kept])}, "
        f"validation accuracy {percent(course.val_accuracy[course.kept])}.",
    )
