"""PDF files written object by object."""

__all__ = ["WHOLE_PAGE", "fillable_pdf", "page_pdf", "pdf", "stream"]

WHOLE_PAGE = b"q 595 0 0 842 0 0 cm /Im Do Q"


def pdf(objects):
    """A PDF of the given object bodies; the first is the catalogue."""
    out = bytearray(b"%PDF-1.5\n")
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def stream(body, entries=b""):
    return b"<<%s/Length %d>>stream\n" % (entries, len(body)) + body + b"\nendstream"


def page_pdf(content, image=b"", page_entries=b"", catalogue=b"", more=()):
    resources = b"<</XObject<</Im 5 0 R>>/Font<</F 6 0 R>>>>"
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources %s%s>>"
    return pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R%s>>" % catalogue,
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            page % (resources, page_entries),
            stream(content),
            image or b"null",
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
            *more,
        ]
    )


def fillable_pdf(fields, content=b"", parents=()):
    """One A4 page with form fields, each given by its entries; `parents` begin at object 7."""
    first = 7 + len(parents)
    references = b" ".join(b"%d 0 R" % (first + n) for n in range(len(fields)))
    tops = b" ".join(b"%d 0 R" % (7 + n) for n in range(len(parents))) or references
    return page_pdf(
        content,
        page_entries=b"/Annots[%s]" % references,
        catalogue=b"/AcroForm<</Fields[%s]>>" % tops,
        more=(*parents, *(b"<</Type/Annot/Subtype/Widget/F 4 %s>>" % field for field in fields)),
    )
