"""Passes: functions Graph -> Graph. Each states its rule in its docstring."""
