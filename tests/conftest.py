"""What every test may rely on: one thread, known seeds, a data folder of its own, float64 on request."""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import settings

settings.register_profile("the same examples every time", derandomize=True, deadline=None)
settings.load_profile("the same examples every time")
torch.set_num_threads(1)
os.environ["OMP_NUM_THREADS"] = "1"  # for kernels, engines and dashboards that tests start
_data = tempfile.TemporaryDirectory(prefix="rnn-explorer-tests-", ignore_cleanup_errors=True)  # an engine may write yet
os.environ["RNN_EXPLORER_DATA"] = _data.name


def pytest_unconfigure() -> None:
    """Removes the session's data folder."""
    _data.cleanup()


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder in which this session's runs are kept, empty at its start."""
    return Path(_data.name)


@pytest.fixture(scope="session")
def project() -> Path:
    """The folder of the project."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def known_seeds() -> None:
    """Gives every test the same start of the global random streams."""
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


@pytest.fixture
def generator() -> torch.Generator:
    """A random stream of the test's own, always with the same start."""
    return torch.Generator().manual_seed(0)


@pytest.fixture
def float64() -> Iterator[torch.dtype]:
    """Makes float64 the dtype of new tensors and modules during one test."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield torch.float64
    torch.set_default_dtype(before)
