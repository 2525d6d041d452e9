"""How a source is called where there is no bibliography; keys as in references.bib."""

from normlab.evidence.claim import OURS, Claim

# The texts that this book started from; their claims are named by these letters.
LETTERS = {
    "A": ("habr2016batch",),
    "B": ("richtux2021deep",),
    "C": ("kilcher2019batch",),
    "D": ("takataka2015batch",),
    "E": (
        "wang2018kalman",
        "singh2020filter",
        "chen2021bnn",
        "lange2022batch",
        "hoffer2020augment",
        "chen2019rethinking",
    ),
}
SOURCES = {
    OURS: "this book",
    "ba2016layer": "Ba, Kiros and Hinton 2016",
    "brock2021high": "Brock et al. 2021",
    "chen2019rethinking": "Chen et al. 2019",
    "chen2021bnn": "Chen et al. 2021",
    "goyal2017accurate": "Goyal et al. 2017",
    "habr2016batch": "Habr 309302, 2016",
    "he2019bag": "He et al. 2019",
    "hoffer2020augment": "Hoffer et al. 2020",
    "hoffer2017train": "Hoffer, Hubara and Soudry 2017",
    "ioffe2015batch": "Ioffe and Szegedy 2015",
    "ioffe2017batch": "Ioffe 2017",
    "karpathy2022makemore": "Karpathy 2022",
    "kilcher2019batch": "Kilcher 2019",
    "lange2022batch": "Lange, Helfrich and Ye 2022",
    "lecun2012efficient": "LeCun et al. 2012",
    "liu2017learning": "Liu et al. 2017",
    "masters2018revisiting": "Masters and Luschi 2018",
    "mccandlish2018empirical": "McCandlish et al. 2018",
    "mishkin2017systematic": "Mishkin, Sergievskiy and Matas 2017",
    "richtux2021deep": "Richtux 2021, after d2l.ai",
    "salimans2016weight": "Salimans and Kingma 2016",
    "santurkar2018how": "Santurkar et al. 2018",
    "shen2020powernorm": "Shen et al. 2020",
    "singh2020filter": "Singh and Krishnan 2020",
    "takataka2015batch": "takataka 2015",
    "vanlaarhoven2017l2": "van Laarhoven 2017",
    "wan2021spherical": "Wan et al. 2021",
    "wang2018kalman": "Wang et al. 2018",
    "wu2018group": "Wu and He 2018",
    "wu2021rethinking": "Wu and Johnson 2021",
    "zhang2019root": "Zhang and Sennrich 2019",
    "zhang2023dive": "Zhang et al. 2023, d2l.ai",
}


def called(key: str) -> str:
    """Return the short name of a source.

    Raises:
        KeyError: the key is not in ``SOURCES``.
    """
    if key not in SOURCES:
        raise KeyError(f"no name for the source {key!r}; add it to evidence/sources.py")
    return SOURCES[key]


def cited(claim: Claim) -> str:
    """Return the short name of a claim's source, and where it stands there."""
    return ", ".join(filter(None, (called(claim.source), claim.where)))
