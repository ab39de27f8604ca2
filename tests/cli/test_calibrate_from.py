"""`hcr-batch calibrate --from`: what was answered in a review holds for the next scan."""

import pytest
from click.testing import CliRunner
from journal_maker import CONDITIONS
from review_maker import make_scan

from hcr_batch.cli import cli
from hcr_batch.config import data_folder
from hcr_batch.errors import NoInputError, UsageError
from hcr_batch.journal.corrections import Kind
from hcr_batch.journal.journal import journal_path, open_journal
from hcr_batch.journal.outputs import Outputs
from hcr_batch.pipeline import scan_document
from hcr_batch.recognition import load_card, load_recognizer
from hcr_batch.review.review_session import GivenAnswer, ReviewRequest, ReviewSession
from hcr_batch.training.classifier.held_out_calibration import write_calibrated

FIELD = "membership.postal_code"
DIGITS = "1234567890"
FIELDS = {f"f{number:03d}": (DIGITS, DIGITS) for number in range(20)}
FIELDS |= {f"w{number}": (DIGITS, DIGITS.replace("3", "8")) for number in range(3)}


@pytest.fixture
def made(tmp_path):
    made = make_scan(tmp_path, FIELDS, sure="123456789")
    with open_journal(journal_path(made.results)) as journal:
        journal.runs.begin(CONDITIONS)
    return made


def answer(made, share=1.0):
    request = ReviewRequest(journal_path(made.results), Outputs(made.results), sample=share)
    session = ReviewSession(request)
    session.record(
        [
            GivenAnswer(cell.place.key, Kind.CHARACTER, made.truth[cell.field, cell.position], 0)
            for cell in session.queue.tiles("window", 500)
        ],
        "Ada",
    )


def run(*words):
    return CliRunner().invoke(cli, ["calibrate", *map(str, words)])


def test_silent_errors_raise_the_threshold_of_the_next_scan(made, tmp_path):
    answer(made)
    result = run("--from", made.results, "--out", tmp_path / "ours")
    assert result.exception is None
    assert "230 of 230 characters answered" in result.stdout
    before, after = load_recognizer().card, load_recognizer(tmp_path / "ours").card
    assert after.threshold(0.005) > max(before.threshold(0.005), 0.9987)
    assert after.threshold(0.005, "digits") == before.threshold(0.005, "digits")


def test_the_silent_error_is_told_with_its_interval(made):
    answer(made)
    line = run("--from", made.results).stdout.splitlines()[-1]
    # R: binom.test(3, 207)
    assert "1.45% (0.30% to 4.18%)" in line


def test_results_without_answers_are_refused(made):
    result = run("--from", made.results)
    assert isinstance(result.exception, NoInputError)
    assert "--sample" in str(result.exception)


def test_results_and_sets_do_not_go_together(made):
    result = run("--from", made.results, "--set", "mnist_test")
    assert isinstance(result.exception, UsageError)


def doubting(folder, name):
    """A recognizer that accepts nothing of a group."""
    card = load_card()
    doubted = {"target_error": 0.005, "threshold": 1.01, "accept_rate": 0.0, "error_bound": 1.0}
    thresholds = {**card.document["thresholds"], name: [doubted]}
    write_calibrated({**card.document, "thresholds": thresholds}, None, folder)
    return load_recognizer(folder)


def test_strings_are_read_by_their_own_threshold(tmp_path):
    page = data_folder("configs").parent / "samples" / "forms" / "stock-sheet.png"
    doubter = doubting(tmp_path / "ours", "strings")
    for recognizer, all_flagged in ((load_recognizer(), False), (doubter, True)):
        (reading,) = scan_document(page, recognizer)
        read = [
            (field.kind, cell.reading.flagged)
            for field in reading.fields
            for cell in field.cells
            if cell.reading.character
        ]
        assert all(flagged for kind, flagged in read if kind == "free") == all_flagged
        assert not all(flagged for kind, flagged in read if kind != "free")


def test_a_field_with_a_threshold_of_its_own_is_read_by_it(tmp_path):
    form = data_folder("configs") / "forms" / "membership.toml"
    page = data_folder("configs").parent / "samples" / "forms" / "membership.png"
    (reading,) = scan_document(page, doubting(tmp_path / "ours", FIELD), template=form)
    name = FIELD.split(".")[1]
    flags = {field.name: [cell.reading.flagged for cell in field.cells if cell.reading.character]
             for field in reading.fields}  # fmt: skip
    assert flags[name]
    assert all(flags.pop(name))
    assert not all(flag for group in flags.values() for flag in group)
