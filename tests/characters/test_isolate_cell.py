"""Ink of a single cell: walls and dirt out, the character whole."""

import cv2
import numpy as np
import pytest

from hcr_batch.characters.isolate import isolate_cell
from hcr_batch.evaluation.glyph_sets import evaluate_set
from hcr_batch.recognition import load_recognizer
from hcr_batch.training.datasets.character_sets import set_folder, unseen_part

PAPER, PEN = 235, 40


def cell(text: str = "", origin: tuple[int, int] = (18, 46)) -> np.ndarray:
    """A gray cell, 64 x 64 pixels, with text in OpenCV's stroke font."""
    gray = np.full((64, 64), PAPER, np.uint8)
    cv2.putText(gray, text, origin, cv2.FONT_HERSHEY_SIMPLEX, 1.4, PEN, 2, cv2.LINE_AA)
    return gray


def noisy(gray: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(5).normal(0, 3, gray.shape)
    return np.clip(gray + noise, 0, 255).astype(np.uint8)


def box(gray: np.ndarray) -> None:
    cv2.rectangle(gray, (0, 0), (63, 63), PEN, 3)


def wall_inside(gray: np.ndarray) -> None:
    """The right wall of the cell, with padding beyond it."""
    gray[:, 53:56] = PEN


def dashed_wall(gray: np.ndarray) -> None:
    """Pieces of a bottom wall; those off the edge are dirt by their size."""
    gray[60:64, 4:20] = gray[60:64, 30:44] = PEN


def corner(gray: np.ndarray) -> None:
    gray[:2, :22] = gray[:20, :2] = PEN


def frame(gray: np.ndarray) -> None:
    """All walls, joined to each other, with padding beyond them; one climbs."""
    for x, end in ((3, 3), (59, 58)):
        cv2.line(gray, (x, 0), (end, 63), PEN, 2)
    for y, end in ((2, 3), (60, 60)):
        cv2.line(gray, (0, y), (63, end), PEN, 2)


def neighbour(gray: np.ndarray) -> None:
    """A part of the next character."""
    cv2.circle(gray, (66, 40), 9, PEN, 3)


@pytest.mark.parametrize("rest", [box, frame, neighbour, wall_inside, dashed_wall, corner])
@pytest.mark.parametrize("text", "5Ai")
def test_rests_of_walls_are_dropped_and_the_character_kept(rest, text):
    gray = cell(text)
    clean = isolate_cell(gray) > 127
    rest(gray)
    found = isolate_cell(gray) > 127
    assert clean.sum() > 50
    assert (found & clean).sum() > 0.85 * clean.sum()
    assert not (found & ~cv2.dilate(clean.view(np.uint8), np.ones((5, 5))).astype(bool)).any()


@pytest.mark.parametrize("text", "5Ai")
def test_a_shadow_over_the_cell_is_no_ink(text):
    gray = cell(text)
    clean = isolate_cell(gray) > 127
    light = np.linspace(1.0, 0.4, 64)[None, :] * np.linspace(1.0, 0.8, 64)[:, None]
    found = isolate_cell((gray * light).astype(np.uint8)) > 127
    assert (found & clean).sum() > 0.85 * clean.sum()
    assert not (found & ~cv2.dilate(clean.view(np.uint8), np.ones((5, 5))).astype(bool)).any()


def test_letters_cut_tightly_keep_their_bars():
    """They reach the rim as the walls of a cell do."""
    letter = np.full((64, 64), PAPER, np.uint8)
    letter[2:8] = letter[:, 29:35] = PEN
    assert (isolate_cell(letter) > 127).sum() > 0.9 * (letter == PEN).sum()


def lone_stroke(top: int, bottom: int, left: int = 30) -> np.ndarray:
    gray = cell()
    gray[top:bottom, left : left + 4] = PEN
    return gray


@pytest.mark.parametrize("gray", [lone_stroke(10, 54), lone_stroke(0, 40), lone_stroke(0, 64)])
def test_lone_stroke_survives_even_at_the_edge(gray):
    assert np.array_equal(isolate_cell(gray) > 127, gray == PEN)


def test_dirt_beside_a_lone_stroke_does_not_take_it_for_a_wall():
    gray = lone_stroke(0, 40)
    gray[50:56, 50:55] = PEN
    assert isolate_cell(gray)[5:35, 30:34].all()


def test_stroke_in_a_tight_crop_survives():
    assert isolate_cell(lone_stroke(12, 52)[12:52, 28:36])[5:35, 2:6].all()


def test_wall_alone_leaves_a_blank_cell():
    assert not isolate_cell(lone_stroke(0, 64, left=0)).any()


@pytest.mark.parametrize("level", [0, 128, 255])
def test_even_picture_is_blank(level):
    assert not isolate_cell(np.full((30, 40), level, np.uint8)).any()


def test_noise_of_paper_is_blank():
    assert not isolate_cell(noisy(cell())).any()


def test_faint_pencil_is_ink():
    gray = noisy((PAPER - (PAPER - cell("5").astype(float)) * 0.2).astype(np.uint8))
    found, clean = isolate_cell(gray) > 127, isolate_cell(cell("5")) > 127
    assert (found & clean).sum() > 0.8 * clean.sum()
    assert (found & ~clean).sum() < 0.3 * clean.sum()


def test_character_that_touches_the_edge_is_kept():
    gray = cell()
    gray[0:50, 20:30] = PEN
    gray[40:50, 20:60] = PEN
    assert np.array_equal(isolate_cell(gray) > 127, gray == PEN)


@pytest.mark.parametrize("name", ["cell_digits", "chars74k_hnd", "drawn", "comnist_latin"])
def test_real_raw_cells_read_as_well_as_the_given_glyphs(hcr_data, name):
    recognizer = load_recognizer()
    path = set_folder(hcr_data) / f"{name}.npz"
    part = unseen_part(path, recognizer.card.document["recipe"])
    part = part.take(np.random.default_rng(0).permutation(len(part))[:600])
    row = evaluate_set(
        recognizer, name, part.images, part.labels, part.cases, part.raw
    ).rows()[-1]
    assert row["raw_accuracy"] >= row["accuracy"] - 0.005
