"""Recognition: networks behind one protocol, calibrated probabilities, decoding of fields."""

from hcr_batch.recognition.card import ModelCard
from hcr_batch.recognition.models import GlyphScores, Recognizer, load_card, load_recognizer

__all__ = ["GlyphScores", "ModelCard", "Recognizer", "load_card", "load_recognizer"]
