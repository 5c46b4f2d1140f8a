"""The primitives, one module for each family; importing this package enters them into `PRIMITIVES`."""
