"""Nouns of people, places and things that reports count, a TOML file a language."""

from llm_extract.lexicon.nouns import Noun, NounLexicon, Number, Role, noun_lexicon

__all__ = ["Noun", "NounLexicon", "Number", "Role", "noun_lexicon"]
