"""The errors this package raises: one line each that says what is wrong, where, and what to do."""

from __future__ import annotations


class LlmExtractError(Exception):
    """Base of all errors meant for users; `code` is stable for machines, the message for people."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


class DocumentError(LlmExtractError):
    """A report cannot be read; `code` says why (empty, binary, encrypted_pdf, too_large, …)."""

    code = "document"


class ModelError(LlmExtractError):
    """A model cannot be used: unknown name, missing key, unreachable server, context overflow."""

    code = "model"


class PromptError(LlmExtractError):
    """A prompt file is missing, malformed or does not fit its strategy."""

    code = "prompt"


class StoreError(LlmExtractError):
    """The store cannot be opened, read or written."""

    code = "store"


class RecordsError(LlmExtractError):
    """A file of records or gold reports is not what it should be."""

    code = "records"


class ChangeError(LlmExtractError):
    """A change of a record does not fit it: no such claim, slot or number, or no longer as said."""

    code = "change"


class ReviewError(LlmExtractError):
    """A step of review is not possible now; `code` says why (held, stale, not_yours, …)."""

    code = "review"


def own_error(group: BaseExceptionGroup[BaseException]) -> LlmExtractError | None:
    """The first error of ours in a group: it is the one that says what to do."""
    for error in group.exceptions:
        found = own_error(error) if isinstance(error, BaseExceptionGroup) else error
        if isinstance(found, LlmExtractError):
            return found
    return None
