"""Recurrent layers: cells, what runs them over the times of a sequence, whole sequences at once."""
