"""Random `.tflite` networks, run by edgekit and by LiteRT.

`network` holds a file as data, `builder` makes choices and asks LiteRT for shapes, the modules with
a table RULES write operators, `litert_process` survives crashes, `judge` compares, `smaller` cuts
networks down. `scripts/compare_random.py` runs campaigns.
"""
