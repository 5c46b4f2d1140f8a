"""The layout of schemas/tflite_metadata.fbs. Made by scripts/generate_schema.py."""

from enum import IntEnum

from edgekit.schema.layout import Field, Schema


class AssociatedFileType(IntEnum):
    UNKNOWN = 0
    DESCRIPTIONS = 1
    TENSOR_AXIS_LABELS = 2
    TENSOR_VALUE_LABELS = 3


class ColorSpaceType(IntEnum):
    UNKNOWN = 0
    RGB = 1
    GRAYSCALE = 2


SCHEMA = Schema(
    identifier=b'M001',
    root='ModelMetadata',
    tables={
        'AssociatedFile': (
            Field('name', 0, 'string', ''),
            Field('description', 1, 'string', ''),
            Field('type', 2, 'scalar', 'int8', 0),
            Field('locale', 3, 'string', ''),
        ),
        'Content': (
            Field('content_properties_type', 0, 'scalar', 'uint8', 0),
            Field('content_properties', 1, 'union', 'ContentProperties'),
        ),
        'FeatureProperties': (
        ),
        'ImageProperties': (
            Field('color_space', 0, 'scalar', 'int8', 0),
        ),
        'ModelMetadata': (
            Field('name', 0, 'string', ''),
            Field('description', 1, 'string', ''),
            Field('version', 2, 'string', ''),
            Field('subgraph_metadata', 3, 'tables', 'SubGraphMetadata'),
            Field('author', 4, 'string', ''),
            Field('license', 5, 'string', ''),
            Field('associated_files', 6, 'tables', 'AssociatedFile'),
            Field('min_parser_version', 7, 'string', ''),
        ),
        'NormalizationOptions': (
            Field('mean', 0, 'scalars', 'float32'),
            Field('std', 1, 'scalars', 'float32'),
        ),
        'ProcessUnit': (
            Field('options_type', 0, 'scalar', 'uint8', 0),
            Field('options', 1, 'union', 'ProcessUnitOptions'),
        ),
        'Stats': (
            Field('max', 0, 'scalars', 'float32'),
            Field('min', 1, 'scalars', 'float32'),
        ),
        'SubGraphMetadata': (
            Field('name', 0, 'string', ''),
            Field('description', 1, 'string', ''),
            Field('input_tensor_metadata', 2, 'tables', 'TensorMetadata'),
            Field('output_tensor_metadata', 3, 'tables', 'TensorMetadata'),
        ),
        'TensorMetadata': (
            Field('name', 0, 'string', ''),
            Field('description', 1, 'string', ''),
            Field('dimension_names', 2, 'strings', ''),
            Field('content', 3, 'table', 'Content'),
            Field('process_units', 4, 'tables', 'ProcessUnit'),
            Field('stats', 5, 'table', 'Stats'),
            Field('associated_files', 6, 'tables', 'AssociatedFile'),
        ),
    },
    unions={
        'ContentProperties': {
            1: 'FeatureProperties',
            2: 'ImageProperties',
        },
        'ProcessUnitOptions': {
            1: 'NormalizationOptions',
        },
    },
)
