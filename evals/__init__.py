"""How far the judge can be trusted: agreement with reference grades, measured.

`evals.metrics` is pure and lies at the bottom; everything else lies on top of the product.
"""
