"""Does 95 % mean 95 %? python -m benchmarks.calibration.intervals [--full]."""
