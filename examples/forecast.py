"""Forecast a series of your own from Python: fit on a frame, look at intervals, compare with rules that know nothing.

The series is made here: a daily and a weekly rhythm, a holiday effect that is known in advance, and noise.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from bigru import BiGRUForecaster

HOURS, HORIZON = 24 * 7 * 30, 48


def data(hours: int, seed: int = 0) -> pd.DataFrame:
    """Return a frame with a time, a demand to forecast, and a holiday flag that is known for the future too."""
    random = np.random.default_rng(seed)
    time = pd.date_range("2024-01-01", periods=hours, freq="h")
    holiday = np.repeat(random.random(hours // 24 + 1) < 0.05, 24)[:hours]
    rhythm = 10 * np.sin(2 * np.pi * time.hour / 24) - 6 * (time.day_of_week >= 5) - 8 * holiday
    return pd.DataFrame({"time": time, "demand": 100 + rhythm + random.normal(0, 1.5, hours), "holiday": holiday * 1.0})


def main() -> None:
    """Train on all but the last month, score that month, and forecast the last two days of it."""
    table = data(HOURS)
    learnt = len(table) - 24 * 30

    model = BiGRUForecaster(
        horizon=HORIZON, lookback=168, targets=("demand",), known=("holiday",), calendar=("hour", "weekday"), epochs=6
    ).fit(table[:learnt])

    report = model.evaluate(table, stride=24)
    for name in ("mase", "naive_mase", "seasonal_naive_mase", "coverage_90"):
        print(f"{name:20} {report[name]:.3f}")

    asked = table.copy()
    asked.loc[len(table) - HORIZON :, "demand"] = np.nan
    (answer,) = model.answer(asked)
    for time, value, (low, high) in list(
        zip(answer["time"], answer["forecast"]["demand"], answer["intervals"]["0.9"]["demand"], strict=True)
    )[::12]:
        print(f"{time}  {value:6.1f}  90 % within {low:.1f} to {high:.1f}")


if __name__ == "__main__":
    main()
