"""Attention: in one head, in several, in groups of them."""
