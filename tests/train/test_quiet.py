from __future__ import annotations

import logging
import warnings

import pytest

from bigru.train.quiet import LOGGERS, quiet


def test_lightning_is_silent_inside_and_itself_again_outside() -> None:
    before = [logging.getLogger(name).level for name in LOGGERS]
    with quiet():
        assert not logging.getLogger("lightning.pytorch.utilities.rank_zero").isEnabledFor(logging.WARNING)
        warnings.warn_explicit("chatter", UserWarning, "file.py", 1, module="lightning.pytorch.trainer")
        with pytest.warns(UserWarning, match="ours"):
            warnings.warn_explicit("ours", UserWarning, "file.py", 1, module="bigru.train")
    assert [logging.getLogger(name).level for name in LOGGERS] == before
