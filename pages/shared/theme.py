"""Light or dark, and the few colours that a page itself needs."""

import streamlit as st

from rnn_core.records.palette import tone

INK = {"light": "#1f242b", "dark": "#edeae3"}
PAPER = {"light": "#fbfaf7", "dark": "#14171c"}


def ground() -> str:
    """The colour of the page."""
    return PAPER[mode()]


def mode() -> str:
    """The visitor's theme, "light" or "dark"."""
    return "dark" if st.context.theme.type == "dark" else "light"


def logo() -> str:
    """The product's mark as SVG, in the theme's ink."""
    theme = mode()
    blue = tone("hidden", theme)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="160" height="28" viewBox="0 0 160 28">'
        f'<g fill="none" stroke="{blue}" stroke-width="2.2"><circle cx="12" cy="16" r="7"/>'
        '<path d="M7.5 10.5 C4 2 20 2 16.8 10.2"/><path d="M19 16h6"/></g>'
        f'<path d="M17.4 11.2l-2.9-2 3.9-1.6z" fill="{blue}"/>'
        '<text x="33" y="21" font-family="Source Serif,Georgia,serif" font-weight="600" font-size="18" '
        f'textLength="120" lengthAdjust="spacingAndGlyphs" fill="{INK[theme]}">RNN explorer</text></svg>'
    )
