"""Written by scripts/generate_schema.py from schemas/*.fbs; nothing here is edited by hand."""
