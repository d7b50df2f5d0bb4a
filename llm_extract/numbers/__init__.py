"""The number ledger: every number of a report, read by code before any model sees the text."""

from llm_extract.numbers.ledger import read_ledger
from llm_extract.numbers.mention import Kind, Ledger, Mention
from llm_extract.numbers.nouns import counted_noun

__all__ = ["Kind", "Ledger", "Mention", "counted_noun", "read_ledger"]
