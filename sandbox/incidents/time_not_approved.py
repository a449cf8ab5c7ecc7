"""A project manager stopped approving: the latest weeks wait, some not long enough to matter."""

from __future__ import annotations

from datetime import time

from sandbox import days
from sandbox.job import Job
from sandbox.worth import unbilled

SHARE = 0.1
_EVENING = time(17)


def befall(job: Job) -> None:
    """Send unbilled entries back to submitted: since their week's end, just at the threshold, or unsaid."""
    entries = unbilled(job)[-30:]
    fate = job.rng.choice(("week",) * 5 + ("unsaid", "threshold", "rejected"))
    for entry in entries:
        closes = days.week_end(job.company, entry.work_date)
        entry.status, entry.approved_at = "submitted", None
        entry.submitted_at = job.at(min(closes, job.today), _EVENING)
        if fate == "unsaid":
            entry.submitted_at = None
        elif fate == "threshold":
            entry.submitted_at = job.at(max(days.day_aged(job.company, job.today, 3), closes), _EVENING)
        elif fate == "rejected":
            entry.status = "rejected"
