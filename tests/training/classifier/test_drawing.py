"""Strokes, distortions, foreign ink and fonts: every glyph made is a usable one."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from sets_maker import cell, write_sets

from hcr_batch.characters.normalize import normalize_ink
from hcr_batch.training.classifier.distortions import (
    FULL,
    MILD,
    bilevel,
    distort,
    elastic_fields,
    scanned,
)
from hcr_batch.training.classifier.font_glyphs import render_fonts
from hcr_batch.training.classifier.foreign_ink import FOREIGN_KINDS, foreign_ink
from hcr_batch.training.classifier.pen_strokes import draw_strokes, load_strokes

SQUARE = [np.array([(0, 0), (100, 0), (100, 100), (0, 100), (0, 0)], np.float32)]


@pytest.fixture
def rng():
    return np.random.default_rng(11)


@pytest.fixture(scope="module")
def glyph():
    return normalize_ink(255 - cell("A", np.random.default_rng(0)))


def longer_side(image: np.ndarray) -> int:
    rows, columns = np.nonzero(image > 100)
    return max(np.ptp(rows), np.ptp(columns)) + 1


def test_strokes_are_read_by_character(tmp_path):
    write_sets(tmp_path, count=5)
    strokes = load_strokes(tmp_path / "unipen_strokes.npz")
    assert len(strokes) == 5
    assert [len(stroke) for stroke in strokes[4]] == [6, 6]


def test_pen_without_change_of_shape_keeps_the_aspect(rng):
    ink = draw_strokes(SQUARE, rng, shape=0)
    rows, columns = np.nonzero(ink > 100)
    assert abs(np.ptp(rows) - np.ptp(columns)) <= 1


def test_pens_differ_in_width(rng):
    shares = [(draw_strokes(SQUARE, rng) > 100).mean() for _ in range(30)]
    assert max(shares) > 2.5 * min(shares)


def test_a_dot_can_be_drawn(rng):
    assert draw_strokes([np.zeros((1, 2), np.float32)], rng).max() == 255


@pytest.mark.parametrize("strength", [FULL, MILD])
def test_distorted_glyphs_stay_readable_in_size(glyph, rng, strength):
    fields = elastic_fields(rng, 8)
    made = [distort(glyph, rng, fields, strength) for _ in range(200)]
    sides = [longer_side(one) for one in made if one.max() > 100]
    assert len(sides) > 190
    assert np.percentile(sides, 5) >= 15
    assert np.percentile(sides, 50) >= 20


def test_mild_distortion_changes_less(glyph, rng):
    fields = elastic_fields(rng, 8)

    def change(strength):
        made = [distort(glyph, rng, fields, strength).astype(int) for _ in range(100)]
        return np.mean([np.abs(one - glyph).mean() for one in made])

    assert change(MILD) < change(FULL)


@pytest.mark.parametrize("scan", [scanned, bilevel])
def test_scanner_never_returns_nothing_or_a_blot(scan, rng):
    ink = draw_strokes(SQUARE, rng, shape=0)
    filled = [(scan(ink, rng) > 127).mean() for _ in range(200)]
    assert min(filled) > 0.01
    assert max(filled) <= 0.6


def test_coarse_scan_thins_and_sometimes_breaks_strokes(rng):
    ink = draw_strokes(SQUARE, rng, shape=0)
    made = [bilevel(ink, rng) > 127 for _ in range(200)]
    assert np.mean([one.mean() for one in made]) < (normalize_ink(ink) > 127).mean()
    broken = [cv2.connectedComponents(one.view(np.uint8))[0] > 2 for one in made]
    assert 0 < np.mean(broken) < 0.5


@pytest.mark.parametrize("kind", FOREIGN_KINDS)
def test_every_kind_of_foreign_ink_leaves_ink(kind, glyph, rng):
    for _ in range(30):
        made = FOREIGN_KINDS[kind][1](lambda: (glyph, "A"), rng)
        assert normalize_ink(made).max() > 100


def test_foreign_ink_varies(glyph, rng):
    made = {normalize_ink(foreign_ink(lambda: (glyph, "A"), rng)).tobytes() for _ in range(40)}
    assert len(made) == 40


def test_folder_without_fonts_gives_no_print(tmp_path):
    assert len(render_fonts(tmp_path, 5, 0)) == 0


def test_fonts_are_rendered_with_all_characters():
    matplotlib = pytest.importorskip("matplotlib")
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    printed = render_fonts(folder, 2, 0)
    assert len(printed) == 2 * 62
    assert len(np.unique(printed.fonts)) == 2
    tall = printed.inks[int(np.flatnonzero(printed.labels == "l")[0])]
    small = printed.inks[int(np.flatnonzero(printed.labels == "x")[0])]
    assert tall.shape[0] > small.shape[0]
