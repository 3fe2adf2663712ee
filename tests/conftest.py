"""For every test: one thread, since the arrays are tiny and threads that wait for each other cost seconds; and no
deadline per generated example, since a busy machine is not a wrong answer."""

from __future__ import annotations

import hypothesis
import torch

torch.set_num_threads(1)
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")
