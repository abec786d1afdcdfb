"""The dashboard's start: what is remembered is what Streamlit would have said, and work shows early."""
from __future__ import annotations

import inspect

import pytest
from streamlit import config
from streamlit.elements import spinner
from streamlit.proto.NewSession_pb2 import CustomThemeConfig
from streamlit.runtime.app_session import _populate_theme_msg as populate

from pages.shared.boot import SIGN, remembered, sign_of_work

SECTIONS = ["theme", "theme.light", "theme.dark", "theme.sidebar", "theme.light.sidebar", "theme.dark.sidebar"]


@pytest.mark.parametrize("section", SECTIONS)
def test_a_remembered_theme_is_the_theme(section: str) -> None:
    config.get_config_options(force_reparse=True)
    fill = remembered(populate)
    plain, first, second = CustomThemeConfig(), CustomThemeConfig(), CustomThemeConfig()
    populate(plain, section)
    fill(first, section)
    fill(second, section)
    assert plain == first == second
    assert plain.ByteSize() > 0 or section == "theme.sidebar"


def test_a_spinner_is_a_sign_before_half_a_second(monkeypatch) -> None:
    monkeypatch.setattr(spinner, "DELAY_SECS", spinner.DELAY_SECS)
    sign_of_work()
    assert spinner.DELAY_SECS == SIGN < 0.5 and "Timer(DELAY_SECS" in inspect.getsource(spinner)
