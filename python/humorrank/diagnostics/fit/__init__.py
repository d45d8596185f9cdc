"""The fit of the Bradley-Terry model: goodness of fit by pairs, calibration on held-out matches."""
