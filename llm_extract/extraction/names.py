"""What names look like in a language: noun phrases of claimants, parties and places as patterns.

Latin scripts tell a name by its capitals; Arabic has none, so there a name is a known head noun
(network, army, ministry) with the words that follow it up to a particle.
"""

from __future__ import annotations

import re
from functools import cache

from llm_extract.extraction.names_arabic import ARABIC
from llm_extract.extraction.names_table import NameTable

__all__ = ["ENGLISH", "NameTable", "find_words", "name_table"]

_CAP = r"(?:(?:al-|el-|an-|ar-|as-|ash-)?[A-ZÀ-ÞА-ЯЇІЄҐ][\w’'\-.]*\w)"
_JOIN = r"(?:(?:of|for|in|on|and|the|de|del|du|des|la|al|el|&|to|against|by)\s+){1,3}"
_NAME = rf"{_CAP}(?:\s+(?:{_JOIN})?{_CAP})*"
_INSTITUTION = (
    r"(?:security |government |regime |opposition |rebel |army |police |border |occupation |"
    r"pro-\w+ |paramilitary |armed |allied |local )*"
    r"(?:forces?|army|armies|military|regime|militias?|coalition|police|troops|soldiers|government|"
    r"navy|air ?force|authorities|paramilitar(?:y|ies)|junta|mercenaries|guards?|factions?|"
    r"rebels?|insurgents?|fighters|militants?|gunmen|groups?|settlers?|cartels?|gangs?|"
    r"organi[sz]ations?|movement|front|party|brigades?|battalions?|division|wing|"
    r"warplanes|jets|aircraft|helicopters|artillery|drones?|separatists|jihadists|bombers?|attackers)"
)
_PHRASE = (
    rf"(?:(?:[Tt]he|[Aa]n?)\s+)?(?:(?:local|regional|national|provincial|suspected|the)\s+)?"
    rf"{_NAME}(?:\s+(?:ministry|office|officials?|police|army|government|authorities|forces?|"
    rf"spokes\w+|sources?|network|monitor|agency|department|directorate|hospital|council))*"
)
_SOURCE = (
    r"(?:(?:[Tt]he|[Aa]n?|[Ll]ocal|[Ss]everal|[Tt]wo|[Ss]ome|[Oo]ne)\s+)?(?:(?!(?:said|were|was|is|are|had|has|have|against|by|in|on|at|to|from|that|who|which|began)\b)[^\W\d][\w’'-]*\s+(?:and\s+)?){0,4}?"
    r"(?:[Oo]fficials?|[Ss]ources?|[Ww]itness(?:es)?|[Ee]yewitness(?:es)?|[Rr]esidents?|[Pp]olice|"
    r"[Mm]edics?|[Aa]uthorities|[Dd]octors?|[Ss]pokes(?:man|woman|person)|[Mm]inistry|[Aa]rmy|"
    r"[Mm]ilitary|[Aa]ctivists?|[Mm]onitors?|[Gg]overnor|[Mm]ayor|[Hh]ospital|[Cc]ommander|"
    r"[Dd]epartment|[Gg]overnment|[Nn]etwork|[Oo]bservatory|[Ss]urvivors?|[Rr]elatives|[Vv]illagers|[Cc]ommittee|[Mm]edia|[Aa]ccounts?|[Rr]eports|[Nn]ewspapers?|[Rr]adio|"
    r"[Cc]ouncil|[Uu]nion|[Ff]orces?|[Dd]irectorate|[Cc]entre|[Cc]enter|[Aa]gency|[Tt]eams?|[Oo]rgani[sz]ation)"
)
_PARTY = (
    rf"(?:(?:[Tt]he|[Aa]n?|[Ii]ts|[Tt]heir|suspected|alleged|armed|members of|fighters from|"
    rf"elements of)\s+)*"
    rf"(?:{_CAP}(?:\s+{_CAP})*\s+[a-z-]+(?:ary|al|ist|ish|ian|ese|ic|an|ern|ive|led|backed)\s+{_INSTITUTION}"
    rf"|{_CAP}(?:[\s-]+(?:(?:of|the|for|al|and its)\s+)?(?:{_CAP}|led|backed|"
    rf"affiliated|{_INSTITUTION}|terrorist|allied|allies))*|{_INSTITUTION}(?:\s+(?:of|from)\s+(?:the\s+)?{_NAME})?)"
)
_PARTIES = (
    rf"{_PARTY}(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+(?:its\s+|their\s+)?|\s+or\s+){_PARTY}){{0,3}}"
)
_HARM = (
    r"(?i:killed|wounded|injured|shot(?:\s+dead)?|arrested|detained|abducted|kidnapped|executed|"
    r"murdered|massacred|beheaded|displaced|held|slain|gunned down|tortured(?:\s+to\s+death)?)"
)
_ATTACK = (
    r"(?i:air ?strikes?|air raids?|shelling|bombardment|bombings?|attacks?|raids?|strikes?|"
    r"(?:artillery|rocket|missile|mortar|sniper|gun)\s?(?:fire|shells?|attacks?|strikes?)?|drones?|"
    r"ambush(?:es)?|offensives?|assaults?|clash(?:es)?|fire|gunfire|crackdown|operations?|massacres?)"
)
_ACT = (
    r"(?i:(?:\w+ly\s+)?(?:(?:has|have|had|also|then|later|reportedly|allegedly|who)\s+){0,2}"
    r"(?:killed|kills|shot|opened fire|attacked|bombed|shelled|struck|targeted|executed|abducted|"
    r"kidnapped|arrested|detained|massacred|raided|stormed|murdered|fired|launched|ambushed|"
    r"carried out|wounded|injured|beheaded|gunned down|hit|dropped|rounded up|seized|planted))"
)
_WEEKDAYS = (
    r"Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|January|February|March|April|May|June|July|August|"
    r"September|October|November|December"
)

_PLACE = rf"{_CAP}(?:[\s-](?:(?:al|el|de|of)[\s-])?{_CAP})*"

_NOT_BEHIND_A_PREPOSITION = "".join(
    rf"(?<!\b{word}\s)" for word in ("on", "in", "at", "near", "across", "to", "from")
)
"""In "strikes on Pell killed 12" the name behind the preposition is where, not who."""

ENGLISH = NameTable(
    phrase=_PHRASE,
    source=_SOURCE,
    party=_PARTIES,
    documents=(
        r"(?:the|an?|its|monthly|weekly|daily|annual|latest|new|separate|preliminary|report|reports|"
        r"statement|figures|data|statistics|tally|count|bulletin|update|published|released|issued|"
        r"compiled|collected|documented|by|from|of|brief|database|records|briefing)\b"
    ),
    publication=r"(?:report|statement|tally|count|bulletin|update|database|briefing|figures|statistics)\b",
    adverbs=r"also|later|further|meanwhile|separately|had|has|have|earlier|however|therefore",
    verb_first=False,
    lead=re.compile(
        r"(?:(?:the|an?|its|their|his|by|suspected|alleged|members of|fighters from|elements of|"
        r"and|while|meanwhile|additionally|however|but|when|after|that|then|where)\s*,?\s+)+",
        re.IGNORECASE,
    ),
    joint=re.compile(r"\s*,\s*(?:and\s+)?|\s+and\s+(?!its\s+allies)(?:its\s+|their\s+)?|\s+or\s+"),
    institution=re.compile(
        r"\b(?:forces?|army|military|regime|militias?|coalition|police|troops|soldiers|government|"
        r"navy|air ?force|authorities|junta|guards?|paramilitar\w+|rapid support|settlers|command|"
        r"front|brigades?|battalions?|division|movement|cartel)\b",
        re.IGNORECASE,
    ),
    named=re.compile(rf"{_CAP}"),
    never=re.compile(
        rf"\b(?:(?:{_WEEKDAYS})\b|\b(?:unidentified|unknown|bomb|blast|explosion|mine|hospital|village|"
        r"town|city|ambulance|doctors?|medics?|witness\w*|report|residents|civilians|relatives|locals|"
        r"responsibility|according)\b",
        re.IGNORECASE,
    ),
    pronouns=frozenset(
        (
            "he she it they we who which this that these those report the i there statement one "
            "others another group organisation organization network ministry however meanwhile "
            "according additionally earlier later today yesterday daily weekly monthly annual "
            "situation interim final air drone rocket mortar artillery shell suicide car truck "
            "missile bomb gun reported after in overnight heavy recent new fresh deadly intense "
            "renewed further repeated press news flash update its his her their shelling "
            "airstrikes airstrike strikes strike snipers sniper drones rockets mortars attacks "
            "attack missiles bombing bombings explosion explosions blast blasts clashes gunfire "
            "two three four five six seven eight nine ten "
        ).split()
    ),
    blame_patterns=(
        (
            r"{party}\s+(?i:(?:was|were|is|are)\s+(?:\w+\s+)?(?:held\s+)?responsible\s+for|"
            r"accounted\s+for|bears?\s+responsibility\s+for)",
            "next",
            "(?i:responsib|accounted)",
        ),
        (r"(?:^|(?<=\n))[\s•*-]*{party}\s*[–—:-]\s(?=[^\n]{0,12}\d)", "listed", "[–—:-]"),
        (
            r"\b(?:and|,)\s+{party}\s+for(?=\s+(?i:at least\s+|about\s+|some\s+)?\d)",
            "next",
            r"\sfor\s",
        ),
        (_NOT_BEHIND_A_PREPOSITION + r"{party}(?:,[^,.;]{1,40},)?\s+" + _ACT, "after", _ACT),
        (
            r"(?i:attribut\w+|blam\w+|ascrib\w+)\b[^.;]{0,120}?\b(?i:to|on)\s+{party}",
            "before",
            "(?i:attribut|blam|ascrib)",
        ),
        (r"(?i:blam(?:ed|ing|es)|accus(?:ed|ing|es))\s+{party}", "sentence", "(?i:blam|accus)"),
        (_HARM + r"\s+(?:[^.;,\d]{0,40}\s)?(?i:by|at the hands of)\s+{party}", "before", _HARM),
        (
            _ATTACK
            + r"(?:\s+and\s+\w+)?(?:\s+(?i:carried out|launched|conducted|blamed on|attributed to|"
            r"perpetrated|staged|mounted))?(?:\s+(?i:by|of|from))\s+{party}",
            "sentence",
            _ATTACK,
        ),
        (r"{party}['’]?s?\s+(?:[\w-]+\s+){0,2}?" + _ATTACK, "sentence", _ATTACK),
        (
            r"{party}(?:,[^.;]{1,80},)?\s+(?i:(?:has|have|had)?\s*(?:also\s+)?(?:claim(?:ed|s)|admitted|"
            r"acknowledged))\s+(?i:responsibility|the attack|carrying out)",
            "sentence",
            "(?i:claim|admitted|acknowledged)",
        ),
        (
            r"(?i:claimed|perpetrated|committed)\s+(?i:by)\s+{party}",
            "sentence",
            "(?i:claimed|committed|perpetrated)",
        ),
        (r"\d[\d,]*\s+(?i:by|to|at the hands of)\s+{party}", "before", r"[\d,]\s"),
        (r"(?i:responsible|perpetrators?|responsibility|accused)\s*:\s*{party}", "sentence", ":"),
    ),
    places=re.compile(
        r"(?:\b(?i:in|at|near|on|across|outside|inside|around|throughout|over|from|to|of|towards|"
        r"between|north|south|east|west)\s+)(?:(?i:the|both|rural|northern|southern|eastern|western|"
        r"central|north-?\w*|south-?\w*|city|town|village|district|province|governorate|area|region|"
        r"outskirts|countryside|neighbou?rhood|camp|state|county|suburbs?|capital|of|nearby)\s+)*"
        rf"(?P<place>{_PLACE})"
        rf"|(?:^|(?<=[\n•*-] )|(?<=[.;,] ))(?P<place2>{_PLACE})(?=\s+(?:district|province|"
        r"governorate|county|city|town|village|camp|had|saw|recorded|suffered|counted|lost)\b|\s*[,:(])",
        re.MULTILINE,
    ),
)


@cache
def name_table(language: str) -> NameTable:
    """Patterns of names in a language; all of Latin or Cyrillic script share the English ones."""
    return ARABIC if language == "ar" else ENGLISH


ARTICLES = frozenset({"a", "an", "the"})


def find_words(source: str, words: str) -> tuple[int, int] | None:
    """Where words stand in a text, white space folded, case and a leading article ignored.

    The span is that of the words without the article; None when they stand nowhere.
    """
    parts = words.split()
    if not parts:
        return None
    if len(parts) > 1 and parts[0].casefold() in ARTICLES:
        # Models say "the teacher" of "a teacher"; an article names nobody.
        parts = parts[1:]
    pattern = r"(?<!\w)" + r"\s+".join(map(re.escape, parts)) + r"(?!\w)"
    match = re.search(pattern, source, re.IGNORECASE)
    return match.span() if match else None
