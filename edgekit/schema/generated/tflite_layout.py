"""The layout of schemas/tflite.fbs. Made by scripts/generate_schema.py."""

from edgekit.schema.layout import Field, Schema


SCHEMA = Schema(
    identifier=b'TFL3',
    root='Model',
    tables={
        'AddOptions': (
            Field('fused_activation_function', 0, 'scalar', 'int8', 0),
            Field('pot_scale_int16', 1, 'scalar', 'bool', True),
        ),
        'BlockwiseQuantization': (
            Field('scales', 0, 'scalar', 'int32', 0),
            Field('zero_points', 1, 'scalar', 'int32', 0),
            Field('block_size', 2, 'scalar', 'int32', 0),
        ),
        'Buffer': (
            Field('data', 0, 'scalars', 'uint8', align=16),
            Field('offset', 1, 'scalar', 'uint64', 0),
            Field('size', 2, 'scalar', 'uint64', 0),
        ),
        'ConcatenationOptions': (
            Field('axis', 0, 'scalar', 'int32', 0),
            Field('fused_activation_function', 1, 'scalar', 'int8', 0),
        ),
        'Conv2DOptions': (
            Field('padding', 0, 'scalar', 'int8', 0),
            Field('stride_w', 1, 'scalar', 'int32', 0),
            Field('stride_h', 2, 'scalar', 'int32', 0),
            Field('fused_activation_function', 3, 'scalar', 'int8', 0),
            Field('dilation_w_factor', 4, 'scalar', 'int32', 1),
            Field('dilation_h_factor', 5, 'scalar', 'int32', 1),
            Field('quantized_bias_type', 6, 'scalar', 'int8', 0),
        ),
        'CustomQuantization': (
            Field('custom', 0, 'scalars', 'uint8', align=16),
        ),
        'DepthwiseConv2DOptions': (
            Field('padding', 0, 'scalar', 'int8', 0),
            Field('stride_w', 1, 'scalar', 'int32', 0),
            Field('stride_h', 2, 'scalar', 'int32', 0),
            Field('depth_multiplier', 3, 'scalar', 'int32', 0),
            Field('fused_activation_function', 4, 'scalar', 'int8', 0),
            Field('dilation_w_factor', 5, 'scalar', 'int32', 1),
            Field('dilation_h_factor', 6, 'scalar', 'int32', 1),
        ),
        'DequantizeOptions': (
        ),
        'DivOptions': (
            Field('fused_activation_function', 0, 'scalar', 'int8', 0),
        ),
        'FullyConnectedOptions': (
            Field('fused_activation_function', 0, 'scalar', 'int8', 0),
            Field('weights_format', 1, 'scalar', 'int8', 0),
            Field('keep_num_dims', 2, 'scalar', 'bool', False),
            Field('asymmetric_quantize_inputs', 3, 'scalar', 'bool', False),
            Field('quantized_bias_type', 4, 'scalar', 'int8', 0),
        ),
        'GeluOptions': (
            Field('approximate', 0, 'scalar', 'bool', False),
        ),
        'HardSwishOptions': (
        ),
        'LeakyReluOptions': (
            Field('alpha', 0, 'scalar', 'float32', 0),
        ),
        'MaximumMinimumOptions': (
        ),
        'Metadata': (
            Field('name', 0, 'string', ''),
            Field('buffer', 1, 'scalar', 'uint32', 0),
        ),
        'Model': (
            Field('version', 0, 'scalar', 'uint32', 0),
            Field('operator_codes', 1, 'tables', 'OperatorCode'),
            Field('subgraphs', 2, 'tables', 'SubGraph'),
            Field('description', 3, 'string', ''),
            Field('buffers', 4, 'tables', 'Buffer'),
            Field('metadata_buffer', 5, 'scalars', 'int32'),
            Field('metadata', 6, 'tables', 'Metadata'),
            Field('signature_defs', 7, 'tables', 'SignatureDef'),
        ),
        'MulOptions': (
            Field('fused_activation_function', 0, 'scalar', 'int8', 0),
        ),
        'Operator': (
            Field('opcode_index', 0, 'scalar', 'uint32', 0),
            Field('inputs', 1, 'scalars', 'int32'),
            Field('outputs', 2, 'scalars', 'int32'),
            Field('builtin_options_type', 3, 'scalar', 'uint8', 0),
            Field('builtin_options', 4, 'union', 'BuiltinOptions'),
            Field('custom_options', 5, 'scalars', 'uint8'),
            Field('custom_options_format', 6, 'scalar', 'int8', 0),
            Field('mutating_variable_inputs', 7, 'scalars', 'bool'),
            Field('intermediates', 8, 'scalars', 'int32'),
        ),
        'OperatorCode': (
            Field('deprecated_builtin_code', 0, 'scalar', 'int8', 0),
            Field('custom_code', 1, 'string', ''),
            Field('version', 2, 'scalar', 'int32', 1),
            Field('builtin_code', 3, 'scalar', 'int32', 0),
        ),
        'PadOptions': (
        ),
        'PadV2Options': (
        ),
        'Pool2DOptions': (
            Field('padding', 0, 'scalar', 'int8', 0),
            Field('stride_w', 1, 'scalar', 'int32', 0),
            Field('stride_h', 2, 'scalar', 'int32', 0),
            Field('filter_width', 3, 'scalar', 'int32', 0),
            Field('filter_height', 4, 'scalar', 'int32', 0),
            Field('fused_activation_function', 5, 'scalar', 'int8', 0),
        ),
        'QuantizationParameters': (
            Field('min', 0, 'scalars', 'float32'),
            Field('max', 1, 'scalars', 'float32'),
            Field('scale', 2, 'scalars', 'float32'),
            Field('zero_point', 3, 'scalars', 'int64'),
            Field('details_type', 4, 'scalar', 'uint8', 0),
            Field('details', 5, 'union', 'QuantizationDetails'),
            Field('quantized_dimension', 6, 'scalar', 'int32', 0),
        ),
        'QuantizeOptions': (
        ),
        'ReducerOptions': (
            Field('keep_dims', 0, 'scalar', 'bool', False),
        ),
        'ReshapeOptions': (
            Field('new_shape', 0, 'scalars', 'int32'),
        ),
        'ResizeNearestNeighborOptions': (
            Field('align_corners', 0, 'scalar', 'bool', False),
            Field('half_pixel_centers', 1, 'scalar', 'bool', False),
        ),
        'SignatureDef': (
            Field('inputs', 0, 'tables', 'TensorMap'),
            Field('outputs', 1, 'tables', 'TensorMap'),
            Field('signature_key', 2, 'string', ''),
            Field('subgraph_index', 4, 'scalar', 'uint32', 0),
        ),
        'SliceOptions': (
        ),
        'SoftmaxOptions': (
            Field('beta', 0, 'scalar', 'float32', 0),
        ),
        'SparsityParameters': (
        ),
        'StridedSliceOptions': (
            Field('begin_mask', 0, 'scalar', 'int32', 0),
            Field('end_mask', 1, 'scalar', 'int32', 0),
            Field('ellipsis_mask', 2, 'scalar', 'int32', 0),
            Field('new_axis_mask', 3, 'scalar', 'int32', 0),
            Field('shrink_axis_mask', 4, 'scalar', 'int32', 0),
            Field('offset', 5, 'scalar', 'bool', False),
        ),
        'SubGraph': (
            Field('tensors', 0, 'tables', 'Tensor'),
            Field('inputs', 1, 'scalars', 'int32'),
            Field('outputs', 2, 'scalars', 'int32'),
            Field('operators', 3, 'tables', 'Operator'),
            Field('name', 4, 'string', ''),
        ),
        'SubOptions': (
            Field('fused_activation_function', 0, 'scalar', 'int8', 0),
            Field('pot_scale_int16', 1, 'scalar', 'bool', True),
        ),
        'Tensor': (
            Field('shape', 0, 'scalars', 'int32'),
            Field('type', 1, 'scalar', 'int8', 0),
            Field('buffer', 2, 'scalar', 'uint32', 0),
            Field('name', 3, 'string', ''),
            Field('quantization', 4, 'table', 'QuantizationParameters'),
            Field('is_variable', 5, 'scalar', 'bool', False),
            Field('sparsity', 6, 'table', 'SparsityParameters'),
            Field('shape_signature', 7, 'scalars', 'int32'),
        ),
        'TensorMap': (
            Field('name', 0, 'string', ''),
            Field('tensor_index', 1, 'scalar', 'uint32', 0),
        ),
        'TransposeOptions': (
        ),
    },
    unions={
        'BuiltinOptions': {
            1: 'Conv2DOptions',
            2: 'DepthwiseConv2DOptions',
            5: 'Pool2DOptions',
            8: 'FullyConnectedOptions',
            9: 'SoftmaxOptions',
            10: 'ConcatenationOptions',
            11: 'AddOptions',
            17: 'ReshapeOptions',
            21: 'MulOptions',
            22: 'PadOptions',
            26: 'TransposeOptions',
            27: 'ReducerOptions',
            28: 'SubOptions',
            29: 'DivOptions',
            32: 'StridedSliceOptions',
            38: 'DequantizeOptions',
            39: 'MaximumMinimumOptions',
            43: 'PadV2Options',
            48: 'SliceOptions',
            74: 'ResizeNearestNeighborOptions',
            75: 'LeakyReluOptions',
            89: 'QuantizeOptions',
            91: 'HardSwishOptions',
            116: 'GeluOptions',
        },
        'QuantizationDetails': {
            1: 'CustomQuantization',
            2: 'BlockwiseQuantization',
        },
    },
)
