"""Models of a match beyond strengths: ties, who was shown first, covariates."""
