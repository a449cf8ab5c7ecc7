"""What a person sees and starts: pages, command line, worker, receiver, alerts."""

from __future__ import annotations

__version__ = "0.1.0"
