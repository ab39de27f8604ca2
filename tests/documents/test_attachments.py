"""What lies within a PDF, or behind its end."""

import pytest
from hostile_files import SEEDS
from pdf_maker import WHOLE_PAGE, page_pdf, stream

from hcr_batch.config import load_settings
from hcr_batch.documents import MemoryFile, count_pages, open_pages
from hcr_batch.errors import DocumentError, PageError

SETTINGS = load_settings().documents


def portfolio(**files):
    """A PDF of one page with files of these names (`__` is a full stop) attached."""
    names, more = b"", []
    for number, (name, content) in enumerate(files.items()):
        label = name.replace("__", ".").encode()
        place = 7 + 2 * number
        names += b"(%s)%d 0 R" % (label, place)
        entry = b"<</Type/Filespec/F(%s)/UF(%s)/EF<</F %d 0 R>>>>" % (label, label, place + 1)
        more += [entry, stream(content, b"/Type/EmbeddedFile")]
    catalogue = b"/Collection<</View/D>>/Names<</EmbeddedFiles<</Names[%s]>>>>" % names
    return page_pdf(b"", catalogue=catalogue, more=more)


def read(content, first=1, last=None):
    return list(open_pages(MemoryFile("a.pdf", content), SETTINGS, first, last))


def test_documents_of_a_portfolio_come_after_its_own_page():
    scanned, picture = SEEDS["scanned.pdf"], SEEDS["gray.png"]
    content = portfolio(form__pdf=scanned, notes__txt=b"no form", one__PNG=picture)
    alone = [*open_pages(MemoryFile("b.pdf", SEEDS["scanned.pdf"]), SETTINGS)]
    pages = read(content)
    assert [page.number for page in pages] == [1, 2, 3, 4, 5]
    for page, same in zip(pages[1:4], alone, strict=True):
        assert page.gray.tobytes() == same.gray.tobytes()
    assert pages[4].source_size == (160, 120)
    assert count_pages(MemoryFile("a.pdf", content), SETTINGS) == 5
    for first, last in ((1, 1), (2, 2), (3, 4), (5, 5), (4, None), (6, 9)):
        found = [page.number for page in read(content, first, last)]
        assert found == [n for n in range(1, 6) if first <= n <= (last or 9)]


def test_what_is_attached_to_what_is_attached_is_left_out():
    inner = portfolio(deep__pdf=SEEDS["scanned.pdf"])
    assert len(read(portfolio(inner__pdf=inner))) == 2


def test_an_attached_document_that_cannot_be_read_is_named_and_counts_as_a_page():
    whole, cut = SEEDS["scanned.pdf"], SEEDS["scanned.pdf"][:-200]
    content = portfolio(first__pdf=whole, form__pdf=cut, last__pdf=whole)
    cut_short = r"a\.pdf, attached form\.pdf: the PDF is cut short"
    with pytest.raises(PageError, match=cut_short) as at:
        read(content)
    assert at.value.page == 5
    assert [page.number for page in read(content, 6)] == [6, 7, 8]
    assert count_pages(MemoryFile("a.pdf", content), SETTINGS) == 8


def test_a_damaged_page_of_an_attached_document_leaves_its_others():
    form = damaged_second(SEEDS["scanned.pdf"])
    content = portfolio(first__pdf=SEEDS["drawn.pdf"], form__pdf=form)
    with pytest.raises(PageError, match=r"a\.pdf, attached form\.pdf, page 2") as at:
        read(content)
    assert [page.number for page in read(content, at.value.page + 1)] == [at.value.page + 1]


def damaged_second(content):
    """A PDF with the JPEG of its second page spoiled."""
    second = content.index(b"\xff\xd8", content.index(b"\xff\xd8") + 2)
    return content[:second] + bytes(200) + content[second + 200 :]


@pytest.mark.parametrize("size", [10, 1000, 5000, 100_000])
@pytest.mark.parametrize("filler", [b"\n-- \nchecked at the office\n", b"\0\xff", b"\n"])
def test_what_others_put_behind_the_end_is_no_part_of_a_pdf(filler, size):
    for name in ("scanned.pdf", "drawn.pdf"):
        whole = read(SEEDS[name])
        pages = read(SEEDS[name] + (filler * size)[:size])
        assert [page.gray.tobytes() for page in pages] == [page.gray.tobytes() for page in whole]


def test_a_change_that_breaks_off_behind_the_end_is_cut_short():
    more = SEEDS["drawn.pdf"] + b"7 0 obj\n<</Length 90000>>stream\n" + bytes(range(256)) * 300
    with pytest.raises(DocumentError, match="cut short"):
        read(more)


def test_a_damaged_page_is_told_from_a_damaged_document():
    content = damaged_second(SEEDS["scanned.pdf"])
    with pytest.raises(PageError, match=r"a\.pdf, page 2: damaged") as caught:
        read(content)
    assert caught.value.page == 2
    assert [page.number for page in read(content, 3)] == [3]


def test_a_scan_that_lies_of_its_size_in_a_pdf_is_held_to_the_limit():
    image = stream(
        SEEDS["gray.jpg"].replace(b"\x00\x78\x00\xa0", b"\xff\xf0\xff\xf0"),
        b"/Type/XObject/Subtype/Image/Width 160/Height 120/BitsPerComponent 8"
        b"/ColorSpace/DeviceGray/Filter/DCTDecode",
    )
    with pytest.raises(DocumentError, match="4293 megapixels"):
        read(page_pdf(WHOLE_PAGE, image))
