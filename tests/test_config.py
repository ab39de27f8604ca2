"""Settings: what a user's file may change, and what it is told when it is wrong."""

import time

import pytest

from hcr_batch.cli import main
from hcr_batch.config import CHOICES, RANGES, data_folder, load_settings, load_toml
from hcr_batch.errors import ConfigError


@pytest.fixture
def written(tmp_path):
    """Writes a settings file and returns its path."""

    def write(text):
        path = tmp_path / "my.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_file_changes_what_it_names_and_nothing_else(written):
    settings = load_settings(written("[layout]\nmax_skew = 5\n"))
    assert settings.layout.max_skew == 5.0
    assert settings.documents == load_settings().documents


def test_the_command_line_wins_over_the_file(written):
    path = written("[recognition]\nthreshold = 0.5\ntarget_error = 0.1\n")
    recognition = load_settings(path, recognition={"threshold": 0.9}).recognition
    assert (recognition.threshold, recognition.target_error) == (0.9, 0.1)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ('[layout]\nmode = "box"', ["layout.mode", '"box"', '"auto", "boxes", "free"']),
        (
            '[documents]\npdf_renderer = "mupdf"',
            ["documents.pdf_renderer", '"mupdf"', '"pdfium", "poppler"'],
        ),
        ("[layout]\nmode = 3", ["layout.mode", "type str", "not int"]),
        ("[layout]\nmax_skev = 3", ["layout.max_skev", "max_skew"]),
        ("[lay]\nmode = 3", ["[lay]", "layout"]),
        ("layout = 3", ["layout", "[layout]"]),
        ("[recognition]\ntarget_error = 5", ["recognition.target_error", "5.0", "0 to 1"]),
        ("[recognition]\nthreshold = nan", ["recognition.threshold", "nan"]),
        ("[layout]\nmax_cell_mm = -1", ["layout.max_cell_mm", "-1.0"]),
        ("[layout]\nmax_skew = true", ["layout.max_skew", "float", "bool"]),
        ("[layout\n", ["not valid TOML", "line 1"]),
    ],
)
def test_a_wrong_file_is_one_line_with_file_key_and_remedy(written, capsys, text, parts):
    path = written(text)
    with pytest.raises(SystemExit) as left:
        main(["scan", str(path.parent), "--config", str(path), "--out", str(path.parent / "r.csv")])
    assert left.value.code == 3
    (line,) = capsys.readouterr().err.splitlines()
    for part in [str(path), *parts]:
        assert part in line


@pytest.mark.parametrize("text", ["{}a = 1", "[{}a]", "b = [{{ {}a = 1 }}]"])
def test_keys_of_many_parts_are_refused_at_once(written, text):
    path = written("\n" + text.format("a." * 100_000))
    begun = time.monotonic()
    with pytest.raises(ConfigError, match=r"a key of over 16 parts \(at line 2\)"):
        load_toml(path)
    assert time.monotonic() - begun < 1


def test_many_words_are_looked_through_at_once(written):
    path = written(f"a = '{'b' * 1_000_000}'\nc = '{'d.' * 15}'")
    begun = time.monotonic()
    assert set(load_toml(path)) == {"a", "c"}
    assert time.monotonic() - begun < 1


def test_a_missing_file_is_a_config_error(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.toml: cannot be read"):
        load_settings(tmp_path / "none.toml")


def test_choices_and_ranges_name_settings_and_allow_their_defaults():
    defaults = load_toml(data_folder("configs") / "default.toml")
    for name in (*CHOICES, *RANGES):
        section, key = name.split(".")
        load_settings(**{section: {key: defaults[section][key]}})


def test_every_setting_has_a_comment():
    text = (data_folder("configs") / "default.toml").read_text(encoding="utf-8")
    settings = [line for line in text.splitlines() if " = " in line and not line.startswith("#")]
    assert len(settings) > 15
    assert not [line for line in settings if "  # " not in line]


def test_equal_settings_have_equal_fingerprints(written):
    same = load_settings(written('[layout]\nmode = "auto"\n'))
    other = load_settings(written('[layout]\nmode = "free"\n'))
    assert same.fingerprint() == load_settings().fingerprint() != other.fingerprint()
