"""Answer a folder of Parquet files with Ray Data: `python examples/scale/ray_data.py MODEL INPUT OUTPUT [COLUMN]`.

Each worker loads the model once, without torch, and answers on one core; workers share nothing. On a cluster the folder
of the model lies at the same path on every node.
"""

from __future__ import annotations

import os
import sys

import ray

from bigru.runtime.arrow import ArrowPredictor


def main(model: str, source: str, target: str, column: str = "text", workers: int = 2) -> None:
    """Read `source`, add the columns of the answers, write `target`."""
    options = {"runtime_env": {"env_vars": {"BIGRU_THREADS": "1"}}, "log_to_driver": False}
    if "RAY_ADDRESS" not in os.environ:  # this machine alone: one more than the workers, else nothing is left to read
        options |= {"num_cpus": workers + 1, "include_dashboard": False}
    ray.init(**options)
    answered = ray.data.read_parquet(source).map_batches(
        ArrowPredictor,
        fn_constructor_args=(model if not os.path.exists(model) else os.path.abspath(model), column),
        batch_format="pyarrow",
        batch_size=4096,
        num_cpus=1,
        compute=ray.data.ActorPoolStrategy(size=workers),
    )
    answered.write_parquet(target)


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    main(*sys.argv[1:])
