"""``python -m app`` is ``sightglass``."""

from app.entry import main

main()
