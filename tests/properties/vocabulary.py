"""Words that drawn reports are written with: invented names, nouns of people, months, numbers."""

from __future__ import annotations

from random import Random

CLAIMANTS = (
    "Tarn Monitoring Network",
    "Sarel Observatory",
    "Ministry of Health in Ostera",
    "Lakes Documentation Centre",
    "Committee for the Missing of Ostera",
    "Delta Health Directorate",
    "Merav Human Rights Association",
    "Kinnar Civil Defence",
    "Field Office of the Northern Mission",
    "Quenda Bar Association",
    "Association of Kinnar Families",
    "Harrow Valley Rescue Service",
    "Independent Commission on Tarn",
    "Justice for Velm",
    "Velm Provincial Council",
    "Open Records Project",
)
PARTIES = (
    "Karsim army",
    "Orel Front",
    "Valley Brigades",
    "Northern Command",
    "Free Tarn Movement",
    "Ostera government forces",
    "Black River Militia",
    "Sons of Merav",
    "Harrow Border Force",
    "Kandori forces",
    "Eastern Alliance",
    "People's Guard of Velm",
)
PLACES = (
    "Darunt",
    "Haslem",
    "Upper Merav",
    "Tel Sahrin",
    "Kinnar",
    "Bir Anoudi",
    "Quenda",
    "Mareskah",
    "Port Ilen",
    "Velm",
    "Sarabet",
    "Oshkal",
    "New Tarn",
    "Wadi Lehm",
    "Jebel Karsh",
    "Ostin Bridge",
)
CITIES = ("Ostera", "Kandor", "Harrow", "Tarnburg")

MONTHS = (
    "January February March April May June July August September October November December"
).split()
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()

GROUP_NOUNS: dict[str, tuple[tuple[str, str], ...]] = {
    "children": (("child", "children"), ("child", "children"), ("minor", "minors")),
    "women": (("woman", "women"),),
    "men": (("man", "men"),),
    "boys": (("boy", "boys"),),
    "girls": (("girl", "girls"),),
    "infants": (("infant", "infants"), ("baby", "babies")),
    "older_people": (("elderly person", "elderly people"), ("older person", "older people")),
    "security_forces": (("soldier", "soldiers"),),
    "police": (("police officer", "police officers"), ("policeman", "policemen")),
    "fighters": (("fighter", "fighters"), ("militant", "militants")),
    "medical_workers": (("nurse", "nurses"), ("doctor", "doctors"), ("paramedic", "paramedics")),
    "rescue_workers": (("rescue worker", "rescue workers"), ("firefighter", "firefighters")),
    "aid_workers": (("aid worker", "aid workers"),),
    "journalists": (("journalist", "journalists"), ("reporter", "reporters")),
    "students": (("student", "students"), ("pupil", "pupils")),
}
"""Singular and plural of each slot's and subgroup's nouns."""

PROFESSIONS = (
    "medical_workers",
    "rescue_workers",
    "aid_workers",
    "journalists",
    "students",
    "police",
    "security_forces",
    "older_people",
)

CROWDS = (
    ("person", "people"),
    ("person", "people"),
    ("civilian", "civilians"),
    ("civilian", "civilians"),
    ("resident", "residents"),
    ("villager", "villagers"),
)
"""What a toll counts; only "civilians" says anything of the victims."""

FACILITIES: dict[str, tuple[str, str]] = {
    "school": ("school", "schools"),
    "medical": ("clinic", "clinics"),
    "place_of_worship": ("mosque", "mosques"),
    "residential": ("house", "houses"),
    "bakery": ("bakery", "bakeries"),
    "water": ("pumping station", "pumping stations"),
    "market": ("market", "markets"),
    "transport": ("bridge", "bridges"),
}

ATTACKS: tuple[tuple[str, str, str], ...] = (
    ("shelling", "artillery", "shelling of {place}"),
    ("an airstrike", "airstrike", "an airstrike on {place}"),
    ("air raids", "airstrike", "air raids on {place}"),
    ("a drone strike", "drone", "a drone strike on {place}"),
    ("mortar fire", "mortar", "mortar fire on {place}"),
    ("a car bomb", "vehicle_bomb", "a car bomb explosion in {place}"),
    ("a landmine", "landmine", "a landmine explosion near {place}"),
    ("gunfire", "small_arms", "gunfire in {place}"),
    ("rocket fire", "rocket", "rocket fire on {place}"),
)
"""Attack without a place, weapon of the schema, attack at a place."""

BY_PARTY = ("shelling", "an airstrike", "air raids", "a drone strike", "rocket fire")
"""Attacks that read well with "by the PARTY"."""

QUALIFIERS: dict[str, tuple[tuple[str, str], ...]] = {
    "at_least": (
        ("at least ", ""),
        ("at least ", ""),
        ("no fewer than ", ""),
        ("a minimum of ", ""),
        ("", " or more"),
    ),
    "more_than": (("more than ", ""), ("over ", ""), ("upwards of ", "")),
    "at_most": (("up to ", ""), ("no more than ", ""), ("at most ", "")),
    "fewer_than": (("fewer than ", ""), ("less than ", "")),
    "about": (
        ("about ", ""),
        ("around ", ""),
        ("some ", ""),
        ("approximately ", ""),
        ("nearly ", ""),
        ("roughly ", ""),
    ),
}
"""Words before and after a number."""

VAGUE = (("dozens", 24), ("scores", 40), ("several", 3), ("hundreds", 200))
"""Vague words with the fewest people they mean; "dozens" and the like take "of" before a noun."""

SUPERSEDED = (
    "An earlier report had put the figure at {number}.",
    "Officials had earlier reported {number} dead.",
    "The first count was revised from {number}.",
)
"""Sentences with a toll that holds no more."""

CAUSES = (
    ("airstrikes", "airstrike"),
    ("shelling", "artillery"),
    ("landmines", "landmine"),
    ("sniper fire", "sniper"),
    ("drone strikes", "drone"),
    ("car bombs", "vehicle_bomb"),
)
"""What a toll is broken down by, with the weapon of the schema."""

FILLER = (
    "Residents described a night of explosions and said the road north stayed closed.",
    "Neither side has commented on the account, and access for observers remains limited.",
    "Shops were shut and power was cut across much of the district.",
    "Families waited at the gates for news while ambulances came and went.",
    "The administration promised an inquiry and asked witnesses to come forward.",
    "Rain slowed the work of the crews in the rubble.",
    "A ceasefire had been expected after talks between mediators and local elders.",
    "Observers warned that the situation could get worse as supplies ran low.",
    "Telephone lines were down, and messages reached the office late.",
    "The hills above the town have changed hands again and again.",
    "Aid convoys turned back at the crossing without explanation.",
    "Officials declined to say when the market would open again.",
    "The mayor asked people to stay indoors until the shelling stopped.",
    "Nobody at the ministry answered calls on the matter.",
    "Footage shared by local reporters showed smoke over the old quarter.",
    "Farmers have left their fields, fearing mines along the canal.",
    "The court is expected to rule on the complaint after the summer recess.",
    "Both parties blame each other for the collapse of the truce.",
    "Fuel has run out at most stations, and the pumps no longer work.",
    "Volunteers cleared rubble with their hands through the night.",
    "The envoy called the account credible and asked for more documents.",
    "Teachers hold classes in a basement since the roof fell in.",
    "Its authors stress that many events can't be verified from afar.",
    "The valley is a supply route for the forces in the east.",
    "Letters to the command remained without a reply.",
    "Snow closed the pass, so that the wounded waited for transport.",
)
"""Sentences without a number of people."""

ASIDES = (
    "The district fell to the opposition in {year}.",
    "The front line runs {small} km east of the river.",
    "Some {large} families have left the area, according to local officials.",
    "Resolution {large} was adopted in {year}.",
    "The clashes lasted {small} days.",
    "A shopkeeper, {age}, said the street was empty by noon.",
    "Repairs would cost ${small} million, the mayor said.",
    "Wheat prices rose by {small} per cent.",
    "In {year} the town had a population of {thousands}.",
    "The convoy of {small} trucks arrived a day late.",
    "The agreement of {year} was never carried out.",
    "Monitors counted {small} explosions before dawn.",
)
"""Sentences with numbers that count no casualties."""

_UNITS = "zero one two three four five six seven eight nine".split()
_TEENS = ("ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen").split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()


def in_words(number: int) -> str:
    """The English words of a number from 0 to 99."""
    if number < 10:
        return _UNITS[number]
    if number < 20:
        return _TEENS[number - 10]
    tens, unit = divmod(number, 10)
    return _TENS[tens - 2] + (f"-{_UNITS[unit]}" if unit else "")


def written(number: int, words_below: int, random: Random) -> str:
    """A number as a writer puts it who spells out what is below `words_below`."""
    if number < words_below:
        return in_words(number)
    if number >= 10_000 or (number >= 1000 and random.random() < 0.7):
        return f"{number:,}"
    return str(number)


def article(noun: str) -> str:
    """The noun with "a" or "an"."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
