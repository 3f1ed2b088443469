"""Is everything that the promises rest on really so? Facts in, a check with verdict and fix out."""
