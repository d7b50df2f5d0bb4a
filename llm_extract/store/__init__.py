"""The store: reports, runs, attempts, records and findings in one database; asks no model."""

from __future__ import annotations

from llm_extract.store.engine import DEFAULT_NAME, open_engine
from llm_extract.store.queries import Store, open_store, without_replies

__all__ = ["DEFAULT_NAME", "Store", "open_engine", "open_store", "without_replies"]
