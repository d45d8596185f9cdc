"""Whether Bradley-Terry's model fits: goodness of fit by pairs, calibration on held-out matches."""
