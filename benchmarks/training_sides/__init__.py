"""What `training.py` measures."""
