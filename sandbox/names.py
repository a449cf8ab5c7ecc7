"""Invented people, clients and pieces of work."""

from __future__ import annotations

from random import Random

_FIRST = (
    "Ada Amara Arjun Astrid Bela Carmen Chiyo Dario Edda Elif Farah Femi Greta Haruki Imani Ines Jonas "
    "Kenji Lena Lorcan Mads Meera Milo Nadia Noor Oskar Petra Priya Quentin Rosa Ruben Sana Stellan "
    "Tamsin Theo Uma Viktor Wen Yara Zoltan"
)
_LAST = (
    "Abara Achterberg Bellweather Castellan Dhanrajani Eskola Fairbairn Ganter Holloway Iversen Jurado "
    "Kitagawa Lindqvist Marchetti Nakasone Okonjo Pellerin Quartey Rautio Sandoval Thackeray Ueland "
    "Vasari Whitlock Yamasaki Zeidler"
)
_STEM = (
    "Alderbrook Brightwater Cindermoor Dunmarrow Eastmere Fallowfield Greyharbour Hollinshaw Ironvale "
    "Juniperfield Kestrelby Larkhaven Millstrand Northquay Oakenfold Pinewhistle Quillstone Ravenholt "
    "Silverbeck Thornleigh Underhay Vantry Westmarch Yarrowdale"
)
_TRADE = (
    "Logistics Insurance Energy Foods Pharma Rail Telecom Water Retail Shipping Minerals Aerospace "
    "Textiles Robotics Media Paper"
)
_WORK = (
    "ledger migration|claims platform|warehouse rollout|pricing review|data platform|shared services set-up|"
    "order-to-cash redesign|cloud landing zone|plant scheduling|customer portal|risk model validation|"
    "procurement transformation|field service rollout|post-merger integration"
)


def person(rng: Random) -> str:
    """A consultant, a manager or a seller."""
    return f"{rng.choice(_FIRST.split())} {rng.choice(_LAST.split())}"


def client(rng: Random) -> str:
    """A company that buys consulting."""
    return f"{rng.choice(_STEM.split())} {rng.choice(_TRADE.split())}"


def work(rng: Random) -> str:
    """What a deal is about."""
    return rng.choice(_WORK.split("|"))


def crm_id(prefix: str, number: int) -> str:
    """An 18-character id of the CRM: ``006`` starts a deal, ``001`` a client."""
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    tail = ""
    while number:
        number, digit = divmod(number, len(digits))
        tail = digits[digit] + tail
    return f"{prefix}5g{tail:0>10}AAA"
