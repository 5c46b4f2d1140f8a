"""Hostile files made by the thousand: mutations of good ones, and what every file must keep to.

`scripts/fuzz.py` runs campaigns; `test_fuzz.py` runs a short one with the tests.
"""
