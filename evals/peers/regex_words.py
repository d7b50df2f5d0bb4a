"""The dictionaries of the regex peer: a table a language, as a pattern author would list words.

A word that ends in `*` is a stem, `_` stands for a space. They are written for this peer alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from llm_extract.schema import Outcome


@dataclass(frozen=True, slots=True)
class Dictionary:
    """The words of one language.

    `one` is read after tens only ("thirty-one"): alone it is a pronoun as often as a number.
    `prefix` is a pattern for what is written on to a word's front.
    """

    outcomes: dict[Outcome, str]
    children: str
    women: str
    men: str
    including: str
    months: str
    conjunctions: str
    one: str
    numbers: dict[str, int]
    prefix: str = ""


def _counted(words: str, start: int = 2, step: int = 1) -> dict[str, int]:
    """Number words in counting order; forms of one number are parted by `/`."""
    return {
        form: start + place * step
        for place, forms in enumerate(words.split())
        for form in forms.split("/")
    }


ENGLISH = Dictionary(
    outcomes={
        "killed": "killed kill killing kills dead died die deaths death fatalities bodies slain "
        "martyred",
        "injured": "injured injuring injuries injures wounded wounding wounds hurt maimed",
        "missing": "missing unaccounted disappeared disappearances",
        "detained": "detained detaining detainees detentions arrested arresting arrests imprisoned",
        "abducted": "abducted abducting abductions kidnapped kidnapping kidnappings",
        "displaced": "displaced displacing displacement fled evacuated homeless",
        "casualties": "casualties",
    },
    children="child children minor minors boys girls kids infants babies",
    women="woman women females",
    men="man men males",
    including="including included among_them of_them of_whom among_whom among_the",
    months="Jan January Feb February Mar March Apr April May Jun June Jul July Aug August Sep "
    "Sept September Oct October Nov November Dec December",
    conjunctions="and while",
    one="one",
    numbers=_counted(
        "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
        "sixteen seventeen eighteen nineteen"
    )
    | _counted("twenty thirty forty fifty sixty seventy eighty ninety", start=20, step=10),
)

ARABIC = Dictionary(
    outcomes={
        "killed": "قتل* يقتل* مقتل قتيل* قتلى القتلى استشهد* استشهاد شهيد* شهداء وفاة توفي*",
        "injured": "أصيب* اصيب* إصابة إصابات اصابة جرح* جريح* جرحى الجرحى مصاب*",
        "missing": "مفقود* فقد فقدان فقدوا",
        "detained": "اعتقل* اعتقال* معتقل* احتجاز محتجز* احتجز*",
        "abducted": "خطف اختطف* اختطاف مختطف* مخطوف*",
        "displaced": "نزح* نزوح نازح* تهجير مهجر* شرد* تشريد",
    },
    children="طفل* أطفال اطفال قاصر* رضيع* رضع",
    women="امرأة نساء سيدة سيدات نسوة",
    men="رجل رجال رجلا",
    including="بينهم من_بينهم بينهن منهم من_ضمنهم بمن_فيهم",
    months="كانون_الثاني شباط آذار نيسان أيار حزيران تموز آب أيلول تشرين_الأول تشرين_الثاني "
    "كانون_الأول يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
    conjunctions="فيما كما بينما",
    one="واحد",
    numbers=_counted(
        "اثنان/اثنين/اثنتين ثلاثة/ثلاث أربعة/أربع خمسة/خمس ستة/ست سبعة/سبع ثمانية/ثماني تسعة/تسع "
        "عشرة/عشر"
    )
    | _counted(
        "عشرون/عشرين ثلاثون/ثلاثين أربعون/أربعين خمسون/خمسين ستون/ستين سبعون/سبعين ثمانون/ثمانين "
        "تسعون/تسعين",
        start=20,
        step=10,
    ),
    prefix="[وفبلك]?(?:ال)?",
)

FRENCH = Dictionary(
    outcomes={
        "killed": "tué tués tuée tuées tuant tuer mort morts morte mortes décédé* décès cadavres",
        "injured": "blessé blessés blessée blessées blessant blesser",
        "missing": "disparu disparus disparue disparues",
        "detained": "arrêté* arrestations détenu* interpellé* emprisonné*",
        "abducted": "enlevé* enlèvements kidnappé*",
        "displaced": "déplacé* fui évacué*",
        "casualties": "victimes",
    },
    children="enfant enfants mineur mineurs garçons fillettes bébés",
    women="femme femmes",
    men="homme hommes",
    including="dont parmi_eux parmi_lesquels y_compris notamment",
    months="janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    conjunctions="et tandis",
    one="un",
    numbers=_counted(
        "deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize"
    )
    | _counted("vingt trente quarante cinquante soixante", start=20, step=10),
)

SPANISH = Dictionary(
    outcomes={
        "killed": "muert* murieron murió asesinad* mató mataron fallecid* fallecieron cadáveres",
        "injured": "herid* hirió hirieron lesionad*",
        "missing": "desaparecid* desaparecieron",
        "detained": "detenid* detuvo detuvieron arrestad* encarcelad*",
        "abducted": "secuestrad* secuestró secuestraron",
        "displaced": "desplazad* huyeron evacuad*",
        "casualties": "víctimas",
    },
    children="niño niños niña niñas menor menores bebés",
    women="mujer mujeres",
    men="hombre hombres",
    including="incluidos incluidas incluyendo entre_ellos entre_ellas de_ellos de_los_cuales",
    months="de_enero de_febrero de_marzo de_abril de_mayo de_junio de_julio de_agosto "
    "de_septiembre de_octubre de_noviembre de_diciembre",
    conjunctions="y e mientras",
    one="uno",
    numbers=_counted(
        "dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis "
        "diecisiete dieciocho diecinueve"
    )
    | _counted("veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa", 20, 10),
)

RUSSIAN = Dictionary(
    outcomes={
        "killed": "погиб* убит* убил* умер* скончал* жертв* тел",
        "injured": "ранен* ранил* ранены пострада* травм*",
        "missing": "пропал* пропавш*",
        "detained": "задержа* арестова* заключен*",
        "abducted": "похищен* похитил*",
        "displaced": "переселен* вынужден* бежал* эвакуир* перемещ*",
    },
    children="ребенок ребёнок ребенка ребёнка детей дети несовершеннолетн* младен*",
    women="женщин*",
    men="мужчин*",
    including="включая в_том_числе среди_них из_них",
    months="января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    conjunctions="и а",
    one="один",
    numbers=_counted(
        "два/две/двое/двух три/трое/трех/трёх четыре/четверо/четырех/четырёх пять/пятеро/пяти "
        "шесть/шестеро/шести семь/семеро/семи восемь/восьмеро/восьми девять/девяти десять/десяти "
        "одиннадцать двенадцать тринадцать четырнадцать пятнадцать шестнадцать семнадцать "
        "восемнадцать девятнадцать"
    )
    | _counted("двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят", 20, 10),
)

UKRAINIAN = Dictionary(
    outcomes={
        "killed": "загин* вбит* убит* вбил* помер* жертв* тіл",
        "injured": "поранен* поранил* травмован* постражда*",
        "missing": "зник*",
        "detained": "затрима* заарештова* арештова*",
        "abducted": "викраден* викрал*",
        "displaced": "переміщен* переселен* евакуйован* втекл*",
    },
    children="дитина дитини дітей діти неповнолітн* немовл*",
    women="жінк* жінок",
    men="чоловік*",
    including="включаючи у_тому_числі в_тому_числі зокрема серед_них з_них із_них",
    months="січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
    conjunctions="і й та а",
    one="один",
    numbers=_counted(
        "два/дві/двоє/двох три/троє/трьох чотири/четверо/чотирьох п'ять/п'ятеро/п'яти "
        "шість/шестеро/шести сім/семеро/семи вісім/восьмеро/восьми дев'ять/дев'яти десять/десяти "
        "одинадцять дванадцять тринадцять чотирнадцять п'ятнадцять шістнадцять сімнадцять "
        "вісімнадцять дев'ятнадцять"
    )
    | _counted("двадцять тридцять сорок п'ятдесят шістдесят сімдесят вісімдесят", 20, 10),
)

DICTIONARIES: dict[str, Dictionary] = {
    "en": ENGLISH,
    "ar": ARABIC,
    "fr": FRENCH,
    "es": SPANISH,
    "ru": RUSSIAN,
    "uk": UKRAINIAN,
}
"""By ISO 639-1 code."""
