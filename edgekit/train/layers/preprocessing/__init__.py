"""Layers that prepare data: scales, sizes of pictures, categories, texts; and random changes."""
