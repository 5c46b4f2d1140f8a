"""The layout of schemas/tflite_metadata.fbs. Made by scripts/generate_schema.py."""

from edgekit.schema import Numbers, Schema, Tables

AssociatedFileType = Numbers(
    "UNKNOWN DESCRIPTIONS TENSOR_AXIS_LABELS TENSOR_VALUE_LABELS"
)

ColorSpaceType = Numbers(
    "UNKNOWN RGB GRAYSCALE"
)

SCHEMA = Schema(
    identifier=b'M001',
    root='ModelMetadata',
    tables=Tables({
        'AssociatedFile': (
            ('name', 0, 'string', ''),
            ('description', 1, 'string', ''),
            ('type', 2, 'scalar', 'int8', 0),
            ('locale', 3, 'string', ''),
        ),
        'Content': (
            ('content_properties_type', 0, 'scalar', 'uint8', 0),
            ('content_properties', 1, 'union', 'ContentProperties'),
        ),
        'FeatureProperties': (
        ),
        'ImageProperties': (
            ('color_space', 0, 'scalar', 'int8', 0),
        ),
        'ModelMetadata': (
            ('name', 0, 'string', ''),
            ('description', 1, 'string', ''),
            ('version', 2, 'string', ''),
            ('subgraph_metadata', 3, 'tables', 'SubGraphMetadata'),
            ('author', 4, 'string', ''),
            ('license', 5, 'string', ''),
            ('associated_files', 6, 'tables', 'AssociatedFile'),
            ('min_parser_version', 7, 'string', ''),
        ),
        'NormalizationOptions': (
            ('mean', 0, 'scalars', 'float32'),
            ('std', 1, 'scalars', 'float32'),
        ),
        'ProcessUnit': (
            ('options_type', 0, 'scalar', 'uint8', 0),
            ('options', 1, 'union', 'ProcessUnitOptions'),
        ),
        'Stats': (
            ('max', 0, 'scalars', 'float32'),
            ('min', 1, 'scalars', 'float32'),
        ),
        'SubGraphMetadata': (
            ('name', 0, 'string', ''),
            ('description', 1, 'string', ''),
            ('input_tensor_metadata', 2, 'tables', 'TensorMetadata'),
            ('output_tensor_metadata', 3, 'tables', 'TensorMetadata'),
        ),
        'TensorMetadata': (
            ('name', 0, 'string', ''),
            ('description', 1, 'string', ''),
            ('dimension_names', 2, 'strings', ''),
            ('content', 3, 'table', 'Content'),
            ('process_units', 4, 'tables', 'ProcessUnit'),
            ('stats', 5, 'table', 'Stats'),
            ('associated_files', 6, 'tables', 'AssociatedFile'),
        ),
    }),
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
