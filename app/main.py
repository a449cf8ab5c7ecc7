"""The script Streamlit runs for every visitor: the navigation, and the page the address asks for."""

from __future__ import annotations

from app.page import register

register()
