"""Models of a match with ties, the first position and covariates in addition to strengths."""
