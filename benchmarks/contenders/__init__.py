"""The engines that benchmarks/kernels.py times, a process each; a file per family."""
