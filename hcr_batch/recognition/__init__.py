"""Recognition: networks behind one protocol, calibrated probabilities, decoding of fields."""

from hcr_batch.recognition.model_card import ModelCard
from hcr_batch.recognition.recognizers import GlyphScores, Recognizer, load_card, load_recognizer

__all__ = ["GlyphScores", "ModelCard", "Recognizer", "load_card", "load_recognizer"]
