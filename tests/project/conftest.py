"""The programs of `.ci`, which have no ending, as modules."""

import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def program_of_ci(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Loads one of them by its name."""

    def load(name: str) -> ModuleType:
        loader = importlib.machinery.SourceFileLoader(f"ci_{name}", str(ROOT / ".ci" / name))
        spec = importlib.util.spec_from_loader(f"ci_{name}", loader)
        assert spec is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
        loader.exec_module(module)
        return module

    return load
