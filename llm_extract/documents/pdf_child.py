"""The process that reads one PDF from its standard input; run by `pdf.py`, never imported by it.

It caps its own memory and processor time before the PDF library is loaded, and imports nothing of
ours, so that it starts fast. It prints one JSON object: `pages` (a text a page) or `code`.
"""

from __future__ import annotations

import json
import logging
import sys


def main(memory_bytes: int, seconds: int, max_characters: int) -> None:
    """Read the PDF and print what came of it."""
    _cap(memory_bytes, seconds)
    try:
        outcome = _read(max_characters)
    except MemoryError:
        outcome = {"code": "pdf_memory"}
    json.dump(outcome, sys.stdout)


def _cap(memory_bytes: int, seconds: int) -> None:
    if sys.platform == "win32":
        return
    import resource

    for limit, cap in ((resource.RLIMIT_AS, memory_bytes), (resource.RLIMIT_CPU, seconds)):
        try:
            resource.setrlimit(limit, (cap, cap))
        except (ValueError, OSError) as error:
            print(f"no limit {limit}: {error}", file=sys.stderr)


def _read(max_characters: int) -> dict[str, object]:
    from io import BytesIO

    from pypdf import PasswordType, PdfReader
    from pypdf.errors import DependencyError, FileNotDecryptedError, LimitReachedError

    logging.disable()
    pages: list[str] = []
    try:
        reader = PdfReader(BytesIO(sys.stdin.buffer.read()))
        if reader.is_encrypted and reader.decrypt("") is PasswordType.NOT_DECRYPTED:
            return {"code": "encrypted_pdf"}
        for page in reader.pages:
            pages.append(page.extract_text())
            max_characters -= len(pages[-1])
            if max_characters < 0:
                return {"code": "too_large"}
    except (DependencyError, FileNotDecryptedError, NotImplementedError):
        return {"code": "encrypted_pdf"}
    except LimitReachedError:
        return {"code": "zip_bomb"}
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001
        # The library meets broken files with exceptions of every kind; all mean the same here.
        return {"code": "broken_pdf", "reason": type(error).__name__, "page": len(pages) + 1}
    return {"pages": pages}


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:4]))
