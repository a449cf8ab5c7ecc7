"""``python -m app`` is ``sightglass``."""

from app.cli import main

main()
