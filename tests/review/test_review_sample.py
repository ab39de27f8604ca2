import pytest
from review_maker import make_scan

from hcr_batch.journal.corrections import Kind
from hcr_batch.journal.journal import journal_path, open_journal
from hcr_batch.journal.outputs import Outputs
from hcr_batch.review.review_queue import is_sampled
from hcr_batch.review.review_session import GivenAnswer, ReviewRequest, ReviewSession

# 200 characters, one of them read wrongly but surely; and a flagged one a field.
DIGITS = "1234567890"
FIELDS = {f"f{number:03d}": (DIGITS, DIGITS) for number in range(20)}
FIELDS["f007"] = (DIGITS, DIGITS.replace("3", "8"))


@pytest.fixture
def made(tmp_path):
    return make_scan(tmp_path, FIELDS, sure="123456789")


def session_of(made, sample):
    request = ReviewRequest(journal_path(made.results), Outputs(made.results), sample=sample)
    return ReviewSession(request)


def answer_all(session, truth):
    cells = session.queue.tiles("window", 500)
    given = [
        GivenAnswer(cell.place.key, Kind.CHARACTER, truth[cell.field, cell.position], 0)
        for cell in cells
    ]
    session.record(given, "Ada")
    return cells


def test_a_sample_is_random_and_stays_the_same(made):
    few, more = (session_of(made, share).queue.tiles("w", 500) for share in (0.2, 0.5))
    again = session_of(made, 0.2).queue.tiles("w", 500)
    assert few == again
    assert {cell.place for cell in few} < {cell.place for cell in more}
    assert 20 + 15 < len(few) < 20 + 60
    keys = [f"sha-1-{x}-0-10-10" for x in range(5000)]
    assert 0.015 < sum(is_sampled(key, 0.02) for key in keys) / 5000 < 0.025


def test_what_is_sampled_is_not_told_apart_by_its_place(tmp_path):
    fields = {f"f{number}": ("1" * 10, "1" * 10) for number in range(6)}
    made = make_scan(tmp_path, fields, sure_fields=("f1", "f3", "f5"))
    cells = session_of(made, 1.0).queue.tiles("w", 500)
    marks = "".join("f" if cell.reading.flagged else "s" for cell in cells)
    assert marks.count("f") == marks.count("s") == 30
    assert marks.rindex("f") > marks.index("s") + 20


def test_the_verdict_counts_what_is_wrong_among_the_unflagged(made):
    session = session_of(made, 1.0)
    assert len(answer_all(session, made.truth)) == 200
    sample, rate, threshold = session.verdict()
    assert sample == "sample: 180 of 180 unflagged characters answered, 1 wrong"
    # R: binom.test(1, 180)
    assert rate == "silent error rate: 0.56% (95 % interval 0.01% to 3.06%); target 0.50%"
    # 199 of all 200 are right, which is just good enough: even 0.8 would have done.
    assert threshold.startswith("threshold that would have met the target: 0.8000 ")


def test_the_verdict_is_on_the_readings_as_they_are_now(made):
    answer_all(session_of(made, 1.0), made.truth)
    with open_journal(journal_path(made.results)) as journal:
        ((file, answered),) = journal.pages()
        # As if a better model had read it: what the answers say.
        journal.add(file.sha256, "recipe", [answered], None, 0.1, [(made.page, "form.png")])
    sample, *_ = session_of(made, 1.0).verdict()
    assert sample == "sample: 200 of 200 unflagged characters answered, 0 wrong"


def test_an_unfinished_sample_says_so_and_none_says_nothing(made):
    session = session_of(made, 1.0)
    assert "the sample is not finished" in session.verdict()[2]
    assert session_of(made, 0.0).verdict() == []
