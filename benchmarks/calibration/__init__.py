"""Does 95 % mean 95 %? `make calibrate`, or python -m benchmarks.calibration --help."""
