"""A real filled form under a template drafted from itself."""

from hcr_batch import load_recognizer, scan_document
from hcr_batch.config import load_settings
from hcr_batch.forms.draft import draft_template
from hcr_batch.forms.schema import load_template

DIGITS = 'charset = "digits"\npattern = "[0-9]{10}"'
DATE = 'charset = "digits"\ncheck = "date:%m%d%Y"'
NAME = 'charset = "letters"\npattern = "[A-Z][a-z]+"'
PATIENT = [NAME, NAME, DATE, NAME, DIGITS]
TEXTS = (
    "2159152578 6106191434 Christ Hellman 11051964 Hillman 1234567890 "
    "James Bradford 01161983 Dupond 0123456789"
).split()


def test_rules_make_a_real_form_read(hcr_data, tmp_path):
    path = hcr_data / "forms" / "home-delivery.png"
    head, *fields = draft_template(path, load_settings()).split("\n[[field]]\n")
    rules = [DIGITS, DIGITS, *PATIENT, *PATIENT]
    combs = [field for field in fields if '"comb"' in field]
    ruled = [
        field.replace('charset = "alnum"', rule) for field, rule in zip(combs, rules, strict=True)
    ]
    template = tmp_path / "order.toml"
    template.write_text("\n[[field]]\n".join([head, *ruled]))
    (page,) = scan_document(path, load_recognizer(), load_template(template))
    read = [field.text for field in page.fields]
    pairs = [
        pair
        for text, truth in zip(read, TEXTS, strict=True)
        for pair in zip(text.ljust(20), truth, strict=False)
    ]
    right = sum(a == b for a, b in pairs)
    assert right >= 0.95 * len(pairs), read
    assert all(len(text) <= len(truth) for text, truth in zip(read, TEXTS, strict=True)), read
