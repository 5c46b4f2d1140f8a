"""The layout of schemas/edgekit.fbs. Made by scripts/generate_schema.py."""

from edgekit.schema import Schema, Tables

SCHEMA = Schema(
    identifier=b'EDGK',
    root='Model',
    tables=Tables({
        'Accuracy': (
            ('metric', 0, 'string', '', 0, True),
            ('float_value', 1, 'scalar', 'float64', 0.0),
            ('int8_value', 2, 'scalar', 'float64', 0.0),
            ('samples', 3, 'scalar', 'uint64', 0),
            ('max_drop', 4, 'scalar', 'float64', None),
        ),
        'Attribute': (
            ('name', 0, 'string', '', 0, True),
            ('value_type', 1, 'scalar', 'uint8', 0),
            ('value', 2, 'union', 'AttributeValue', 0, True),
        ),
        'Buffer': (
            ('sha256', 0, 'scalars', 'uint8', 0, True),
            ('data', 1, 'scalars', 'uint8', 0, True, 64),
        ),
        'Checksum': (
            ('value', 0, 'scalar', 'int32', 0),
            ('crc32', 1, 'scalar', 'uint32', 0),
        ),
        'Entry': (
            ('key', 0, 'string', '', 0, True),
            ('value', 1, 'string', '', 0, True),
        ),
        'Flag': (
            ('value', 0, 'scalar', 'bool', False),
        ),
        'Float': (
            ('value', 0, 'scalar', 'float64', 0.0),
        ),
        'Floats': (
            ('value', 0, 'scalars', 'float64', 0, True),
        ),
        'Graph': (
            ('name', 0, 'string', '', 0, True),
            ('inputs', 1, 'scalars', 'int32'),
            ('outputs', 2, 'scalars', 'int32'),
            ('nodes', 3, 'tables', 'Node'),
            ('values', 4, 'tables', 'Value'),
            ('states', 5, 'tables', 'State'),
            ('subgraphs', 6, 'tables', 'Graph'),
        ),
        'Int': (
            ('value', 0, 'scalar', 'int64', 0),
        ),
        'Ints': (
            ('value', 0, 'scalars', 'int64', 0, True),
        ),
        'MemoryPlan': (
            ('size', 0, 'scalar', 'uint64', 0),
            ('slots', 1, 'tables', 'Slot'),
        ),
        'Model': (
            ('format_version', 0, 'scalar', 'uint32', 0),
            ('minimal_reader_version', 1, 'scalar', 'uint32', 0),
            ('structure_sha256', 2, 'scalars', 'uint8', 0, True),
            ('arithmetic', 3, 'string', '', 0, True),
            ('arithmetic_version', 4, 'scalar', 'uint32', 0),
            ('graph', 5, 'table', 'Graph', 0, True),
            ('memory_plan', 6, 'table', 'MemoryPlan', 0, True),
            ('signature', 7, 'string', '', 0, True),
            ('labels', 8, 'strings', ''),
            ('preprocessing', 9, 'table', 'Preprocessing'),
            ('provenance', 10, 'tables', 'Entry'),
            ('accuracy', 11, 'table', 'Accuracy'),
            ('test_vectors', 12, 'tables', 'TestVector'),
            ('buffers', 13, 'tables', 'Buffer'),
        ),
        'Node': (
            ('operator', 0, 'string', '', 0, True),
            ('version', 1, 'scalar', 'uint32', 1),
            ('inputs', 2, 'scalars', 'int32'),
            ('outputs', 3, 'scalars', 'int32'),
            ('attributes', 4, 'tables', 'Attribute'),
            ('name', 5, 'string', '', 0, True),
        ),
        'Preprocessing': (
            ('mean', 0, 'scalars', 'float64', 0, True),
            ('std', 1, 'scalars', 'float64', 0, True),
        ),
        'Quant': (
            ('scale', 0, 'scalars', 'float32', 0, True),
            ('zero_point', 1, 'scalars', 'int32', 0, True),
            ('axis', 2, 'scalar', 'int32', -1),
        ),
        'Slot': (
            ('value', 0, 'scalar', 'int32', 0),
            ('offset', 1, 'scalar', 'uint64', 0),
            ('size', 2, 'scalar', 'uint64', 0),
            ('top', 3, 'scalar', 'uint32', 0),
            ('left', 4, 'scalar', 'uint32', 0),
            ('bottom', 5, 'scalar', 'uint32', 0),
            ('right', 6, 'scalar', 'uint32', 0),
        ),
        'State': (
            ('value', 0, 'scalar', 'int32', 0),
            ('initial', 1, 'scalar', 'int32', 0),
            ('next', 2, 'scalar', 'int32', 0),
        ),
        'Tensor': (
            ('value', 0, 'scalar', 'int32', 0),
            ('shape', 1, 'scalars', 'int32'),
            ('buffer', 2, 'scalar', 'int32', 0),
        ),
        'TestVector': (
            ('inputs', 0, 'tables', 'Tensor'),
            ('outputs', 1, 'tables', 'Tensor'),
            ('checksums', 2, 'tables', 'Checksum'),
        ),
        'Text': (
            ('value', 0, 'string', '', 0, True),
        ),
        'Value': (
            ('name', 0, 'string', '', 0, True),
            ('shape', 1, 'scalars', 'int32'),
            ('dtype', 2, 'string', '', 0, True),
            ('quant', 3, 'table', 'Quant'),
            ('buffer', 4, 'scalar', 'int32', -1),
        ),
    }),
    unions={
        'AttributeValue': {
            1: 'Int',
            2: 'Float',
            3: 'Text',
            4: 'Flag',
            5: 'Ints',
            6: 'Floats',
        },
    },
)
