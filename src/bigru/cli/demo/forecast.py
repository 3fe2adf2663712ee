"""`bigru demo forecast`: the carbon dioxide over Mauna Loa, a year ahead, with a picture."""

from __future__ import annotations

import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ...errors import DataError, sentence
from ...readers.reading import Reading
from ...tables.timetable import TimeTable, read_timetable
from ...train.pipeline.folder import check_folder
from ...train.pipeline.run import check_packages, train
from ..commands.train import main_scores
from ..plots import forecast as chart
from ..show import print_note, print_speed
from ..streams import print_json

__all__ = ["HORIZON", "OPTIONS", "forecast", "read_measurements"]

HORIZON = 52
"""Weeks to forecast."""

OPTIONS: dict[str, Any] = {"lookback": 208, "segment": 13, "calendar": ["month"], "levels": [0.9]}
"""What differs from the defaults of `bigru train`."""

PICTURE = "forecast.svg"


def read_measurements() -> TimeTable:
    """Return the weekly means of carbon dioxide, 1958 to 2001, that come with statsmodels; missing weeks are filled.

    The file is found without importing the package, which takes seconds.

    Raises:
        DataError: the installed package has no such file.
    """
    spec = find_spec("statsmodels")
    path = Path(str(spec.origin)).parent / "datasets" / "co2" / "co2.csv" if spec else Path("co2.csv")
    if not path.is_file():
        raise DataError(sentence("demo", "file datasets/co2/co2.csv", "in the installed statsmodels", "no such file"))
    return read_timetable(path, Reading(time=("date",), fill="linear"), columns=["co2"])


def forecast(folder: Path, force: bool) -> None:
    """Train, score beside the naive rules, draw the last year beside what came, and say what to type next."""
    check_packages("the demo", "statsmodels", extra="demo")
    from ...runtime.forecaster import Forecaster
    from ...tasks.forecast import Cut
    from ..commands.forecast import scores_of_forecasts

    start = time.monotonic()
    check_folder(folder, force)
    table = read_measurements()
    print_note(f"{len(table):,} weeks of carbon dioxide (ppm) over Mauna Loa, 1958 to 2001, in the package statsmodels")
    print_note("weeks without a value are filled by a line between those around them")
    card = (
        "Weekly means of Keeling and Whorf (2004), public domain, as statsmodels ships them. Trained by `bigru demo`."
    )
    shown: dict[str, Any] = {"say": print_note, "progress": "auto"}
    trained = train(table, card=card, horizon=HORIZON, **shown, **OPTIONS)
    trained.save(folder, force)
    scores_of_forecasts(trained.reports["test"], "test")
    for remark in trained.remarks:
        print_note(remark)
    series, model = table.series[0], Forecaster(trained.bundle)
    origin = len(series) - HORIZON
    answer = model.predict(TimeTable([series.part(slice(0, origin))], table.columns, table.step, "", "co2.csv"))[0]
    came = {"co2": series.values[origin:, 0].tolist()}
    past = series.part(slice(0, origin))
    (folder / PICTURE).write_text(chart.forecast_svg(past, answer, table.columns, came), encoding="utf-8")
    drawn = chart.forecast_text(past, answer, table.columns)
    print_note("The last year of the table, forecast from the years before it:")
    for line in drawn.split("\n"):
        print_note(line)
    print_note(
        f"The picture is in {folder / PICTURE}: grey what was, black what came, blue the forecast with its interval."
    )
    error = model.score([Cut(series, origin)])["mae"] * model.config.features.scale(series).std[0]
    print_note(f"mean absolute error of that year: {error:.2f} ppm")
    print_speed(trained.metrics["training"])
    seconds = time.monotonic() - start
    print_note(f"The model is in {folder}. All of it took {seconds:.0f} s. Next:")
    print_note("  bigru train YOUR.csv --task forecast --target COLUMN --horizon 24 --out model")
    print_note("  bigru predict model YOUR.csv --plot next.svg")
    facts = {"model": str(folder), "seconds": round(seconds, 1), "training": trained.metrics["training"]}
    print_json(facts | {"test": main_scores(trained.reports["test"]), "picture": str(folder / PICTURE)})
