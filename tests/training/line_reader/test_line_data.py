"""What the line reader learns from: samples, who is held out, pieces on disk, the recipe."""

import string

import cv2
import numpy as np
import pytest

from hcr_batch import load_recognizer
from hcr_batch.alphabet import LINE_CHARACTERS, SIGNS
from hcr_batch.characters.line_strip import STRIP_HEIGHT, line_strip
from hcr_batch.errors import ConfigError
from hcr_batch.recognition.line_confidence import comparable_text
from hcr_batch.training.line_reader.line_cuts import cuts_of
from hcr_batch.training.line_reader.line_damage import damaged, jittered
from hcr_batch.training.line_reader.line_drawing import Glyph, compose, draw_word
from hcr_batch.training.line_reader.line_held import HeldLine
from hcr_batch.training.line_reader.line_metrics import edit_distance
from hcr_batch.training.line_reader.line_recipe import is_line_recipe, load_line_recipe
from hcr_batch.training.line_reader.line_samples import LineSample, fits, fitting_text
from hcr_batch.training.line_reader.line_sets import (
    is_held,
    load_words,
    printed_signs,
    stroke_hands,
    with_signs,
)
from hcr_batch.training.line_reader.line_shards import read_shard, take_shards, write_shard
from hcr_batch.training.line_reader.line_texts import form_text, read_words


def zigzag(rng, count=6, size=500):
    return rng.uniform(0, size, (count, 2)).astype(np.float32)


def hand(rng, characters):
    return {character: [Glyph((zigzag(rng),))] for character in characters}


def test_composed_strings_and_drawn_words_are_readable_strips():
    rng = np.random.default_rng(3)
    mine = hand(rng, string.digits + "AB-")
    for _ in range(40):
        for drawing in (compose("12-AB 7", mine, rng), draw_word([zigzag(rng, 30)], rng)):
            strip = line_strip(damaged(drawing, rng))
            assert strip is None or jittered(strip.image, rng).shape[0] == STRIP_HEIGHT


def test_ink_without_strokes_is_composed_too():
    rng = np.random.default_rng(3)
    ink = np.full((40, 24), 255, np.uint8)
    drawing = compose("00", {"0": [Glyph(ink=ink)]}, rng)
    assert drawing.ink.max() == 255
    assert np.count_nonzero(drawing.ink.max(axis=0)) > drawing.ink.shape[0] / 2


@pytest.mark.parametrize("seed", range(12))
def test_scanned_characters_stand_on_one_line_however_they_slant(seed):
    """Capitals, small letters and the pen's own marks, whichever way the writing leans."""
    block = np.full((24, 14), 255, np.uint8)
    dash = Glyph((np.array([[0.0, 0.0], [10.0, 0.0]], np.float32),))
    writer = {"H": [Glyph(ink=block)], "o": [Glyph(ink=block)], "-": [dash]}
    drawing = compose("Ho-Ho-Ho", writer, np.random.default_rng(seed))
    _, _, stats, _ = cv2.connectedComponentsWithStats((drawing.ink > 60).astype(np.uint8))
    top, height = stats[1:, 1], stats[1:, 3]
    letters, dashes = height > 0.4 * drawing.capital, height < 0.3 * drawing.capital
    assert np.ptp((top + height)[letters]) < 0.5 * drawing.capital
    assert top[letters].min() < top[dashes].min(initial=9999)
    assert (top + height)[dashes].max(initial=0) < (top + height)[letters].max()


def test_signs_beside_numbers_are_drawn_as_print_too():
    printed = Glyph(ink=np.full((60, 30), 255, np.uint8))
    signs = {sign: [printed, printed] for sign in SIGNS}
    writer = hand(np.random.default_rng(0), string.digits + "$")
    (with_print,) = with_signs([writer], signs)
    assert set(with_print) == set(string.digits + SIGNS)
    assert len(with_print["$"]) == len(writer["$"]) + len(signs["$"])
    assert with_print["7"] == writer["7"]
    assert compose("$ 75 %", with_print, np.random.default_rng(1)).ink.any()


def test_a_folder_without_fonts_has_no_signs(tmp_path):
    assert not any(printed_signs(tmp_path).values())


def test_commas_come_in_many_sizes():
    block = np.full((40, 30), 255, np.uint8)
    writer = {"H": [Glyph(ink=block)], ",": [Glyph(ink=block)]}
    shares = []
    for seed in range(30):
        drawing = compose("H,", writer, np.random.default_rng(seed))
        _, _, stats, _ = cv2.connectedComponentsWithStats((drawing.ink > 60).astype(np.uint8))
        tall = np.sort(stats[1:, cv2.CC_STAT_HEIGHT])
        shares.append(tall[0] / tall[-1] if len(tall) > 1 else np.nan)
    assert np.nanmin(shares) < 0.3
    assert np.nanmax(shares) > 0.5


def test_a_hand_writes_what_it_has_in_place_of_what_it_lacks():
    rng = np.random.default_rng(3)
    text = fitting_text("Ab 12-c", hand(rng, "0123B"), rng)
    assert text[:4] == f"{text[0]}B 1" or set(text) <= set("0123B ")
    assert "-" not in text


def test_texts_are_of_the_line_readers_characters_and_half_of_digits():
    rng = np.random.default_rng(3)
    texts = [form_text(rng, ("Lehmann", "Oslo", "tree")) for _ in range(2000)]
    assert set("".join(texts)) <= set(LINE_CHARACTERS)
    with_letters = sum(any(map(str.isalpha, text)) for text in texts)
    assert 0.3 < with_letters / len(texts) < 0.6


def test_word_lists_are_read_without_accents_and_rubbish(tmp_path):
    (tmp_path / "words").write_text("Zürich\nabc's\nx\nMøtå\nstraße\n")
    assert read_words(tmp_path) == ("Zurich", "strasse")
    assert read_words(tmp_path / "none") == ()


def test_writers_are_held_out_by_name_and_about_one_in_twelve():
    held = [is_held(f"lab/{number}") for number in range(3000)]
    assert 0.05 < np.mean(held) < 0.11
    assert held == [is_held(f"lab/{number}") for number in range(3000)]


def test_words_and_their_writers_are_read_as_they_lie_in_the_file(tmp_path):
    np.savez(
        tmp_path / "words.npz",
        points=np.arange(20).reshape(10, 2).astype(np.int16),
        stroke_offset=np.array([0, 3, 7], np.int32),
        item_offset=np.array([0, 2], np.int32),
        text=np.array(["to  go", "7?"]),
        writer=np.array(["a", "b"]),
        style=np.array(["PRINTED", "MIXED"]),
    )
    words = load_words(tmp_path / "words.npz")
    assert [len(stroke) for stroke in words[0]] == [3, 4]
    assert [len(stroke) for stroke in words[1]] == [3]
    assert words.texts[0] == "to go"
    assert words.readable(10).tolist() == [True, False]
    hands = stroke_hands(words, np.array(["t", "7"]), np.ones(2, bool), None)
    assert not hands, "hands with few characters compose nothing"


def test_a_strip_must_have_room_for_its_text():
    assert fits(40, "abc")
    assert not fits(10, "abcdef")
    assert not fits(5000, "abc"), "too wide to learn from"


def samples(count=7):
    rng = np.random.default_rng(1)
    return [
        LineSample(rng.integers(0, 256, (STRIP_HEIGHT, 30 + n), np.uint8), f"t{n}", n % 2 == 0)
        for n in range(count)
    ]


def test_a_piece_on_disk_holds_its_samples(tmp_path):
    write_shard(tmp_path / "shard_1.npz", samples())
    for one, other in zip(read_shard(tmp_path / "shard_1.npz"), samples(), strict=True):
        assert np.array_equal(one.strip, other.strip)
        assert (one.text, one.real) == (other.text, other.real)


def test_pieces_are_shown_as_often_as_asked_and_then_go(tmp_path):
    for number in range(3):
        write_shard(tmp_path / f"shard_{number}.npz", samples(number + 1))
    taken = take_shards(tmp_path, passes=1)
    assert [len(next(taken)) for _ in range(2)] == [1, 2]
    left = len(list(tmp_path.iterdir()))
    assert left <= 2


def test_readings_are_compared_without_case_marks_and_look_alikes():
    assert comparable_text("OIL-5z") == comparable_text("01l sZ")
    assert edit_distance("kitten", "sitting") == 3


def test_the_shipped_recipe_is_one_and_faults_are_named(tmp_path, configs):
    recipe = load_line_recipe(configs / "train" / "line_reader.toml", steps=5)
    assert recipe.steps == 5
    assert recipe.sources
    assert is_line_recipe(configs / "train" / "line_reader.toml")
    assert not is_line_recipe(configs / "train" / "default.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text('kind = "line_reader"\nseed = 1\n')
    with pytest.raises(ConfigError, match="source"):
        load_line_recipe(broken)


@pytest.fixture
def configs():
    from hcr_batch.config import data_folder

    return data_folder("configs")


def test_a_held_out_line_is_read_as_the_pipeline_finds_it():
    ink = np.zeros((60, 90), np.uint8)
    ink[10:50, 20:26] = ink[10:50, 60:66] = 255
    line = HeldLine(ink, line_strip(ink), "11", "digits", "", "")
    (cut,) = cuts_of([line], load_recognizer())
    assert len(cut.text) == 2
    assert cut.line
    assert len(cut.line.rows) == len(cut.line.first)
    assert cut.part
    assert len(cut.part.rows) == 2
