"""What befalls each engagement: a hundred slots, so that every hundred engagements hold every story."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random

_STRIDE = 61
_SLOTS = 100


@dataclass(frozen=True, slots=True)
class Story:
    """A chapter (how the engagement is built) and a twist (what befalls it)."""

    chapter: str
    twist: str


#: chapter, how many of a hundred engagements, and the twists they take in turn
_PLOT = """
pipeline  10 open open open_with_draft lost lost
deal       7 no_contract no_psa_project no_erp_project erp_planned psa_planned two_halves wrong_number
             one_past amendment_apart unlinked two_months_late
deal       8 fresh threshold threshold lost_after_won deleted no_services won_again resting stamped
time       9 stopped missed partly draft pending void line_deleted credited header_credited short
             second_currency some_unrated corrected no_lines just_past flag_lies two_lines
time      10 held written_off rejected not_billable unrated at_threshold netted rebilled credit_drafted
             untraceable deleted shifted at_threshold
milestone  5 no_posting partly_posted short_on_line reversed taken_back posting_deleted
             schedule_unposted schedule_partly just_past
milestone  7 at_threshold over_time not_accepted reposted on_line schedule_posted no_policy at_threshold
delivery  44 time no_lines time milestone fee time retainer mixed amendment time milestone fee_and_time
"""


@cache
def chapters() -> tuple[tuple[str, int, tuple[str, ...]], ...]:
    """Each chapter of the plot: its name, its slots of a hundred, its twists."""
    rows = [line.split() for line in _PLOT.replace("\n  ", " ").strip().splitlines()]
    return tuple((name, int(count), tuple(twists)) for name, count, *twists in rows)


def story(seed: int, n: int) -> Story:
    """The story of engagement ``n``; it depends on nothing but the seed and the number."""
    century, place = divmod(n, _SLOTS)
    slot = (place * _STRIDE + Random(f"{seed}/plot").randrange(_SLOTS)) % _SLOTS
    for chapter, count, twists in chapters():
        if slot < count:
            return Story(chapter, twists[(century * count + slot) % len(twists)])
        slot -= count
    raise ValueError(f"the plot has fewer than {_SLOTS} slots")
