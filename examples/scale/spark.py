"""Answer a folder of Parquet files with Spark: `spark-submit examples/scale/spark.py MODEL INPUT OUTPUT [COLUMN]`.

Each Python worker loads the model when its first batch comes, without torch. The folder of the model lies at the same
path on every executor (or travels with `--files`).
"""

from __future__ import annotations

import sys

from pyspark.sql import SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

from bigru.runtime.arrow import ArrowPredictor


def main(model: str, source: str, target: str, column: str = "text") -> None:
    """Read `source`, add the columns of the answers, write `target`."""
    spark = (
        SparkSession.builder.appName("bigru")
        .config("spark.executorEnv.BIGRU_THREADS", "1")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", 4096)
        .getOrCreate()
    )
    frame = spark.read.parquet(source)
    predictor = ArrowPredictor(model, column)
    answers = from_arrow_schema(predictor.schema)
    schema = type(answers)([*frame.schema.fields, *answers.fields])
    frame.mapInArrow(predictor.partition, schema).write.parquet(target)


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    main(*sys.argv[1:])
