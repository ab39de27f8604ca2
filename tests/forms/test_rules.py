"""What the charset, pattern and check of a field let be written."""

import random

import pytest
from stdnum import luhn
from stdnum.iso7064 import mod_97_10

from hcr_batch.forms import automata
from hcr_batch.forms.automata import RuleError
from hcr_batch.forms.rules import charset_of, make_rule

DIGITS = "0123456789"
ALNUM = charset_of("alnum")

SLOW_START = """
import time
time.sleep(2.5)
exec(compile(open({path!r}).read(), "compile_pattern.py", "exec"))
"""


def test_a_charset_is_named_or_explicit():
    assert charset_of("digits") == DIGITS
    assert charset_of("BA21") == "12AB"
    for bad in ("", "A-Z", "ä"):
        with pytest.raises(RuleError):
            charset_of(bad)


def test_a_pattern_holds_for_the_whole_text():
    rule = make_rule(ALNUM, "[A-Z]{2}[0-9]{3}")
    assert rule.allows("AB123")
    assert not rule.allows("AB12")
    assert not rule.allows("AB1234")
    assert not rule.allows("")


def test_blank_cells_may_stand_around_a_text_and_inside_where_the_pattern_has_them():
    rule = make_rule(ALNUM, "[A-Z]+ [0-9]+")
    assert rule.allows("ROAD 7")
    assert rule.allows("  ROAD 7   ")
    assert not rule.allows("ROAD7")
    assert not rule.allows("RO AD 7")


@pytest.mark.parametrize("pattern", ["(a|b)*a(a|b){40}", "x" * 600])
def test_a_pattern_that_explodes_is_refused(pattern):
    with pytest.raises(RuleError, match="simplify"):
        make_rule(ALNUM, pattern)


def test_a_busy_machine_does_not_make_a_pattern_too_big(tmp_path, monkeypatch):
    """What counts is time of the processor: others may have it for longer than a pattern may."""
    slow = tmp_path / "slow.py"
    slow.write_text(SLOW_START.format(path=str(automata.COMPILER)), encoding="utf-8")
    monkeypatch.setattr(automata, "COMPILER", slow)
    monkeypatch.setattr(automata, "PATTERN_SECONDS", 2)
    assert make_rule(DIGITS, "[0-9]{5}").allows("12345")


@pytest.mark.parametrize("pattern", ["[a-", r"(a)\1", "(a"])
def test_a_pattern_that_no_automaton_can_follow_is_refused(pattern):
    with pytest.raises(RuleError, match="not understood"):
        make_rule(ALNUM, pattern)


def test_a_rule_that_no_text_keeps_is_refused():
    with pytest.raises(RuleError, match="no text"):
        make_rule(DIGITS, "[A-Z]+")


@pytest.mark.parametrize(("check", "valid"), [("luhn", luhn), ("mod97", mod_97_10)])
def test_check_digits_agree_with_stdnum(check, valid):
    rule = make_rule(DIGITS, check=check)
    numbers = random.Random(1)
    for _ in range(300):
        text = "".join(numbers.choices(DIGITS, k=numbers.randint(4, 12)))
        assert rule.allows(text) == valid.is_valid(text), text


def test_weights_begin_anew_and_x_is_ten_modulo_eleven():
    ean = make_rule(DIGITS, check="weighted:1,3 mod 10")
    assert ean.allows("4006381333931")
    assert not ean.allows("4006381333932")
    isbn = make_rule(DIGITS + "X", check="weighted:10,9,8,7,6,5,4,3,2,1 mod 11")
    assert isbn.allows("097522980X")
    assert not isbn.allows("0975229800")


def test_dates_are_real_days_without_what_cannot_be_read():
    rule = make_rule(DIGITS, check="date:%d.%m.%Y")
    assert rule.allows("29022024")
    assert not rule.allows("29022023")
    assert not rule.allows("31042020")
    with pytest.raises(RuleError, match="%Q"):
        make_rule(DIGITS, check="date:%Q")


def test_a_pattern_narrows_a_check():
    rule = make_rule(DIGITS, "19.*", "date:%Y%m%d")
    assert rule.allows("19991231")
    assert not rule.allows("20001231")


def test_a_lexicon_lies_with_the_template_and_nowhere_else(tmp_path):
    forms, elsewhere = tmp_path / "forms", tmp_path / "elsewhere.txt"
    forms.mkdir()
    elsewhere.write_text("SECRET")
    (forms / "link.txt").symlink_to(elsewhere)
    (forms / "lists").mkdir()
    for name in ("towns.txt", "lists/towns.txt"):
        (forms / name).write_text("Leeds")
        assert make_rule(charset_of("upper"), check=f"lexicon:{name}", folder=forms)
    for name in ("link.txt", "../elsewhere.txt", "lists/../../elsewhere.txt", elsewhere):
        with pytest.raises(RuleError, match="does not lie with the template; put it beside it"):
            make_rule(charset_of("upper"), check=f"lexicon:{name}", folder=forms)
    (forms / "circle.txt").symlink_to("circle.txt")
    for name in ("/proc/self/environ", "circle.txt", "missing.txt", "lists", "x" * 300):
        with pytest.raises(RuleError):
            make_rule(charset_of("upper"), check=f"lexicon:{name}", folder=forms)


def test_a_lexicon_is_written_in_the_case_and_letters_of_the_field(tmp_path):
    (tmp_path / "towns.txt").write_text("# towns\nMünchen\nSaint-Denis\nYork\n", encoding="utf-8")
    rule = make_rule(charset_of("upper"), check="lexicon:towns.txt", folder=tmp_path)
    assert rule.allows("MUNCHEN")
    assert rule.allows("SAINTDENIS")
    assert rule.allows("SAINT DENIS")
    assert not rule.allows("YORKS")


def test_a_number_of_python_stdnum_is_tested_by_it():
    rule = make_rule(charset_of(DIGITS + "DE"), check="stdnum:iban")
    assert rule.allows("DE89370400440532013000")
    assert not rule.allows("DE89370400440532013001")
    with pytest.raises(RuleError, match="stdnum"):
        make_rule(DIGITS, check="stdnum:no.such.number")


@pytest.mark.parametrize(
    "check",
    [
        *("lunh", "date:", "lexicon:missing.txt", "weighted:1;2", "none:1"),
        *("date:%d" + "-" * 10**6, "weighted:" + "9," * 10**5 + "9 mod 999"),
        *("lexicon:/dev/zero", "stdnum:..os", "stdnum:os.path", "stdnum:__init__.sys"),
    ],
)
def test_an_unknown_check_is_refused(check, tmp_path):
    with pytest.raises(RuleError):
        make_rule(DIGITS, check=check, folder=tmp_path)
