"""The layout of schemas/edgekit.fbs. Made by scripts/generate_schema.py."""

from edgekit.schema.layout import Field, Schema


SCHEMA = Schema(
    identifier=b'EDGK',
    root='Model',
    tables={
        'Accuracy': (
            Field('metric', 0, 'string', '', required=True),
            Field('float_value', 1, 'scalar', 'float64', 0.0),
            Field('int8_value', 2, 'scalar', 'float64', 0.0),
            Field('samples', 3, 'scalar', 'uint64', 0),
            Field('max_drop', 4, 'scalar', 'float64', None),
        ),
        'Attribute': (
            Field('name', 0, 'string', '', required=True),
            Field('value_type', 1, 'scalar', 'uint8', 0),
            Field('value', 2, 'union', 'AttributeValue', required=True),
        ),
        'Buffer': (
            Field('sha256', 0, 'scalars', 'uint8', required=True),
            Field('data', 1, 'scalars', 'uint8', required=True, align=64),
        ),
        'Checksum': (
            Field('value', 0, 'scalar', 'int32', 0),
            Field('crc32', 1, 'scalar', 'uint32', 0),
        ),
        'Entry': (
            Field('key', 0, 'string', '', required=True),
            Field('value', 1, 'string', '', required=True),
        ),
        'Flag': (
            Field('value', 0, 'scalar', 'bool', False),
        ),
        'Float': (
            Field('value', 0, 'scalar', 'float64', 0.0),
        ),
        'Floats': (
            Field('value', 0, 'scalars', 'float64', required=True),
        ),
        'Graph': (
            Field('name', 0, 'string', '', required=True),
            Field('inputs', 1, 'scalars', 'int32'),
            Field('outputs', 2, 'scalars', 'int32'),
            Field('nodes', 3, 'tables', 'Node'),
            Field('values', 4, 'tables', 'Value'),
            Field('states', 5, 'tables', 'State'),
            Field('subgraphs', 6, 'tables', 'Graph'),
        ),
        'Int': (
            Field('value', 0, 'scalar', 'int64', 0),
        ),
        'Ints': (
            Field('value', 0, 'scalars', 'int64', required=True),
        ),
        'MemoryPlan': (
            Field('size', 0, 'scalar', 'uint64', 0),
            Field('slots', 1, 'tables', 'Slot'),
        ),
        'Model': (
            Field('format_version', 0, 'scalar', 'uint32', 0),
            Field('minimal_reader_version', 1, 'scalar', 'uint32', 0),
            Field('structure_sha256', 2, 'scalars', 'uint8', required=True),
            Field('arithmetic', 3, 'string', '', required=True),
            Field('arithmetic_version', 4, 'scalar', 'uint32', 0),
            Field('graph', 5, 'table', 'Graph', required=True),
            Field('memory_plan', 6, 'table', 'MemoryPlan', required=True),
            Field('signature', 7, 'string', '', required=True),
            Field('labels', 8, 'strings', ''),
            Field('preprocessing', 9, 'table', 'Preprocessing'),
            Field('provenance', 10, 'tables', 'Entry'),
            Field('accuracy', 11, 'table', 'Accuracy'),
            Field('test_vectors', 12, 'tables', 'TestVector'),
            Field('buffers', 13, 'tables', 'Buffer'),
        ),
        'Node': (
            Field('operator', 0, 'string', '', required=True),
            Field('version', 1, 'scalar', 'uint32', 1),
            Field('inputs', 2, 'scalars', 'int32'),
            Field('outputs', 3, 'scalars', 'int32'),
            Field('attributes', 4, 'tables', 'Attribute'),
            Field('name', 5, 'string', '', required=True),
        ),
        'Preprocessing': (
            Field('mean', 0, 'scalars', 'float64', required=True),
            Field('std', 1, 'scalars', 'float64', required=True),
        ),
        'Quant': (
            Field('scale', 0, 'scalars', 'float32', required=True),
            Field('zero_point', 1, 'scalars', 'int32', required=True),
            Field('axis', 2, 'scalar', 'int32', -1),
        ),
        'Slot': (
            Field('value', 0, 'scalar', 'int32', 0),
            Field('offset', 1, 'scalar', 'uint64', 0),
            Field('size', 2, 'scalar', 'uint64', 0),
            Field('top', 3, 'scalar', 'uint32', 0),
            Field('left', 4, 'scalar', 'uint32', 0),
            Field('bottom', 5, 'scalar', 'uint32', 0),
            Field('right', 6, 'scalar', 'uint32', 0),
        ),
        'State': (
            Field('value', 0, 'scalar', 'int32', 0),
            Field('initial', 1, 'scalar', 'int32', 0),
            Field('next', 2, 'scalar', 'int32', 0),
        ),
        'Tensor': (
            Field('value', 0, 'scalar', 'int32', 0),
            Field('shape', 1, 'scalars', 'int32'),
            Field('buffer', 2, 'scalar', 'int32', 0),
        ),
        'TestVector': (
            Field('inputs', 0, 'tables', 'Tensor'),
            Field('outputs', 1, 'tables', 'Tensor'),
            Field('checksums', 2, 'tables', 'Checksum'),
        ),
        'Text': (
            Field('value', 0, 'string', '', required=True),
        ),
        'Value': (
            Field('name', 0, 'string', '', required=True),
            Field('shape', 1, 'scalars', 'int32'),
            Field('dtype', 2, 'string', '', required=True),
            Field('quant', 3, 'table', 'Quant'),
            Field('buffer', 4, 'scalar', 'int32', -1),
        ),
    },
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
