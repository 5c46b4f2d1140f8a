"""The layout of schemas/tflite.fbs. Made by scripts/generate_schema.py."""

from edgekit.schema.layout import Numbers, Schema, Tables


class ActivationFunctionType(Numbers):
    NONE = 0
    RELU = 1
    RELU_N1_TO_1 = 2
    RELU6 = 3
    TANH = 4
    SIGN_BIT = 5


class BuiltinOperator(Numbers):
    ADD = 0
    AVERAGE_POOL_2D = 1
    CONCATENATION = 2
    CONV_2D = 3
    DEPTHWISE_CONV_2D = 4
    DEPTH_TO_SPACE = 5
    DEQUANTIZE = 6
    EMBEDDING_LOOKUP = 7
    FLOOR = 8
    FULLY_CONNECTED = 9
    HASHTABLE_LOOKUP = 10
    L2_NORMALIZATION = 11
    L2_POOL_2D = 12
    LOCAL_RESPONSE_NORMALIZATION = 13
    LOGISTIC = 14
    LSH_PROJECTION = 15
    LSTM = 16
    MAX_POOL_2D = 17
    MUL = 18
    RELU = 19
    RELU_N1_TO_1 = 20
    RELU6 = 21
    RESHAPE = 22
    RESIZE_BILINEAR = 23
    RNN = 24
    SOFTMAX = 25
    SPACE_TO_DEPTH = 26
    SVDF = 27
    TANH = 28
    CONCAT_EMBEDDINGS = 29
    SKIP_GRAM = 30
    CALL = 31
    CUSTOM = 32
    EMBEDDING_LOOKUP_SPARSE = 33
    PAD = 34
    UNIDIRECTIONAL_SEQUENCE_RNN = 35
    GATHER = 36
    BATCH_TO_SPACE_ND = 37
    SPACE_TO_BATCH_ND = 38
    TRANSPOSE = 39
    MEAN = 40
    SUB = 41
    DIV = 42
    SQUEEZE = 43
    UNIDIRECTIONAL_SEQUENCE_LSTM = 44
    STRIDED_SLICE = 45
    BIDIRECTIONAL_SEQUENCE_RNN = 46
    EXP = 47
    TOPK_V2 = 48
    SPLIT = 49
    LOG_SOFTMAX = 50
    DELEGATE = 51
    BIDIRECTIONAL_SEQUENCE_LSTM = 52
    CAST = 53
    PRELU = 54
    MAXIMUM = 55
    ARG_MAX = 56
    MINIMUM = 57
    LESS = 58
    NEG = 59
    PADV2 = 60
    GREATER = 61
    GREATER_EQUAL = 62
    LESS_EQUAL = 63
    SELECT = 64
    SLICE = 65
    SIN = 66
    TRANSPOSE_CONV = 67
    SPARSE_TO_DENSE = 68
    TILE = 69
    EXPAND_DIMS = 70
    EQUAL = 71
    NOT_EQUAL = 72
    LOG = 73
    SUM = 74
    SQRT = 75
    RSQRT = 76
    SHAPE = 77
    POW = 78
    ARG_MIN = 79
    FAKE_QUANT = 80
    REDUCE_PROD = 81
    REDUCE_MAX = 82
    PACK = 83
    LOGICAL_OR = 84
    ONE_HOT = 85
    LOGICAL_AND = 86
    LOGICAL_NOT = 87
    UNPACK = 88
    REDUCE_MIN = 89
    FLOOR_DIV = 90
    REDUCE_ANY = 91
    SQUARE = 92
    ZEROS_LIKE = 93
    FILL = 94
    FLOOR_MOD = 95
    RANGE = 96
    RESIZE_NEAREST_NEIGHBOR = 97
    LEAKY_RELU = 98
    SQUARED_DIFFERENCE = 99
    MIRROR_PAD = 100
    ABS = 101
    SPLIT_V = 102
    UNIQUE = 103
    CEIL = 104
    REVERSE_V2 = 105
    ADD_N = 106
    GATHER_ND = 107
    COS = 108
    WHERE = 109
    RANK = 110
    ELU = 111
    REVERSE_SEQUENCE = 112
    MATRIX_DIAG = 113
    QUANTIZE = 114
    MATRIX_SET_DIAG = 115
    ROUND = 116
    HARD_SWISH = 117
    IF = 118
    WHILE = 119
    NON_MAX_SUPPRESSION_V4 = 120
    NON_MAX_SUPPRESSION_V5 = 121
    SCATTER_ND = 122
    SELECT_V2 = 123
    DENSIFY = 124
    SEGMENT_SUM = 125
    BATCH_MATMUL = 126
    PLACEHOLDER_FOR_GREATER_OP_CODES = 127
    CUMSUM = 128
    CALL_ONCE = 129
    BROADCAST_TO = 130
    RFFT2D = 131
    CONV_3D = 132
    IMAG = 133
    REAL = 134
    COMPLEX_ABS = 135
    HASHTABLE = 136
    HASHTABLE_FIND = 137
    HASHTABLE_IMPORT = 138
    HASHTABLE_SIZE = 139
    REDUCE_ALL = 140
    CONV_3D_TRANSPOSE = 141
    VAR_HANDLE = 142
    READ_VARIABLE = 143
    ASSIGN_VARIABLE = 144
    BROADCAST_ARGS = 145
    RANDOM_STANDARD_NORMAL = 146
    BUCKETIZE = 147
    RANDOM_UNIFORM = 148
    MULTINOMIAL = 149
    GELU = 150
    DYNAMIC_UPDATE_SLICE = 151
    RELU_0_TO_1 = 152
    UNSORTED_SEGMENT_PROD = 153
    UNSORTED_SEGMENT_MAX = 154
    UNSORTED_SEGMENT_SUM = 155
    ATAN2 = 156
    UNSORTED_SEGMENT_MIN = 157
    SIGN = 158
    BITCAST = 159
    BITWISE_XOR = 160
    RIGHT_SHIFT = 161
    STABLEHLO_LOGISTIC = 162
    STABLEHLO_ADD = 163
    STABLEHLO_DIVIDE = 164
    STABLEHLO_MULTIPLY = 165
    STABLEHLO_MAXIMUM = 166
    STABLEHLO_RESHAPE = 167
    STABLEHLO_CLAMP = 168
    STABLEHLO_CONCATENATE = 169
    STABLEHLO_BROADCAST_IN_DIM = 170
    STABLEHLO_CONVOLUTION = 171
    STABLEHLO_SLICE = 172
    STABLEHLO_CUSTOM_CALL = 173
    STABLEHLO_REDUCE = 174
    STABLEHLO_ABS = 175
    STABLEHLO_AND = 176
    STABLEHLO_COSINE = 177
    STABLEHLO_EXPONENTIAL = 178
    STABLEHLO_FLOOR = 179
    STABLEHLO_LOG = 180
    STABLEHLO_MINIMUM = 181
    STABLEHLO_NEGATE = 182
    STABLEHLO_OR = 183
    STABLEHLO_POWER = 184
    STABLEHLO_REMAINDER = 185
    STABLEHLO_RSQRT = 186
    STABLEHLO_SELECT = 187
    STABLEHLO_SUBTRACT = 188
    STABLEHLO_TANH = 189
    STABLEHLO_SCATTER = 190
    STABLEHLO_COMPARE = 191
    STABLEHLO_CONVERT = 192
    STABLEHLO_DYNAMIC_SLICE = 193
    STABLEHLO_DYNAMIC_UPDATE_SLICE = 194
    STABLEHLO_PAD = 195
    STABLEHLO_IOTA = 196
    STABLEHLO_DOT_GENERAL = 197
    STABLEHLO_REDUCE_WINDOW = 198
    STABLEHLO_SORT = 199
    STABLEHLO_WHILE = 200
    STABLEHLO_GATHER = 201
    STABLEHLO_TRANSPOSE = 202
    DILATE = 203
    STABLEHLO_RNG_BIT_GENERATOR = 204
    REDUCE_WINDOW = 205
    STABLEHLO_COMPOSITE = 206
    STABLEHLO_SHIFT_LEFT = 207
    STABLEHLO_CBRT = 208
    STABLEHLO_CASE = 209


class CustomOptionsFormat(Numbers):
    FLEXBUFFERS = 0


class DimensionType(Numbers):
    DENSE = 0
    SPARSE_CSR = 1


class FullyConnectedOptionsWeightsFormat(Numbers):
    DEFAULT = 0
    SHUFFLED4x16INT8 = 1


class LSTMKernelType(Numbers):
    FULL = 0
    BASIC = 1


class MirrorPadMode(Numbers):
    REFLECT = 0
    SYMMETRIC = 1


class Padding(Numbers):
    SAME = 0
    VALID = 1


class TensorType(Numbers):
    FLOAT32 = 0
    FLOAT16 = 1
    INT32 = 2
    UINT8 = 3
    INT64 = 4
    STRING = 5
    BOOL = 6
    INT16 = 7
    COMPLEX64 = 8
    INT8 = 9
    FLOAT64 = 10
    COMPLEX128 = 11
    UINT64 = 12
    RESOURCE = 13
    VARIANT = 14
    UINT32 = 15
    UINT16 = 16
    INT4 = 17
    BFLOAT16 = 18
    INT2 = 19
    UINT4 = 20
    FLOAT8_E4M3FN = 21
    FLOAT8_E5M2 = 22


SCHEMA = Schema(
    identifier=b'TFL3',
    root='Model',
    tables=Tables({
        'ATan2Options': (
        ),
        'AbsOptions': (
        ),
        'AddNOptions': (
        ),
        'AddOptions': (
            ('fused_activation_function', 0, 'scalar', 'int8', 0),
            ('pot_scale_int16', 1, 'scalar', 'bool', True),
        ),
        'ArgMaxOptions': (
            ('output_type', 0, 'scalar', 'int8', 0),
        ),
        'ArgMinOptions': (
            ('output_type', 0, 'scalar', 'int8', 0),
        ),
        'AssignVariableOptions': (
        ),
        'BatchMatMulOptions': (
            ('adj_x', 0, 'scalar', 'bool', False),
            ('adj_y', 1, 'scalar', 'bool', False),
            ('asymmetric_quantize_inputs', 2, 'scalar', 'bool', False),
        ),
        'BatchToSpaceNDOptions': (
        ),
        'BidirectionalSequenceLSTMOptions': (
            ('fused_activation_function', 0, 'scalar', 'int8', 0),
            ('cell_clip', 1, 'scalar', 'float32', 0.0),
            ('proj_clip', 2, 'scalar', 'float32', 0.0),
            ('merge_outputs', 3, 'scalar', 'bool', False),
            ('time_major', 4, 'scalar', 'bool', True),
            ('asymmetric_quantize_inputs', 5, 'scalar', 'bool', False),
        ),
        'BidirectionalSequenceRNNOptions': (
            ('time_major', 0, 'scalar', 'bool', False),
            ('fused_activation_function', 1, 'scalar', 'int8', 0),
            ('merge_outputs', 2, 'scalar', 'bool', False),
            ('asymmetric_quantize_inputs', 3, 'scalar', 'bool', False),
        ),
        'BlockwiseQuantization': (
            ('scales', 0, 'scalar', 'int32', 0),
            ('zero_points', 1, 'scalar', 'int32', 0),
            ('block_size', 2, 'scalar', 'int32', 0),
        ),
        'BroadcastToOptions': (
        ),
        'Buffer': (
            ('data', 0, 'scalars', 'uint8', 0, False, 16),
            ('offset', 1, 'scalar', 'uint64', 0),
            ('size', 2, 'scalar', 'uint64', 0),
        ),
        'CallOnceOptions': (
            ('init_subgraph_index', 0, 'scalar', 'int32', 0),
        ),
        'CastOptions': (
            ('in_data_type', 0, 'scalar', 'int8', 0),
            ('out_data_type', 1, 'scalar', 'int8', 0),
        ),
        'ConcatenationOptions': (
            ('axis', 0, 'scalar', 'int32', 0),
            ('fused_activation_function', 1, 'scalar', 'int8', 0),
        ),
        'Conv2DOptions': (
            ('padding', 0, 'scalar', 'int8', 0),
            ('stride_w', 1, 'scalar', 'int32', 0),
            ('stride_h', 2, 'scalar', 'int32', 0),
            ('fused_activation_function', 3, 'scalar', 'int8', 0),
            ('dilation_w_factor', 4, 'scalar', 'int32', 1),
            ('dilation_h_factor', 5, 'scalar', 'int32', 1),
            ('quantized_bias_type', 6, 'scalar', 'int8', 0),
        ),
        'Conv3DOptions': (
            ('padding', 0, 'scalar', 'int8', 0),
            ('stride_d', 1, 'scalar', 'int32', 0),
            ('stride_w', 2, 'scalar', 'int32', 0),
            ('stride_h', 3, 'scalar', 'int32', 0),
            ('fused_activation_function', 4, 'scalar', 'int8', 0),
            ('dilation_d_factor', 5, 'scalar', 'int32', 1),
            ('dilation_w_factor', 6, 'scalar', 'int32', 1),
            ('dilation_h_factor', 7, 'scalar', 'int32', 1),
        ),
        'CosOptions': (
        ),
        'CumsumOptions': (
            ('exclusive', 0, 'scalar', 'bool', False),
            ('reverse', 1, 'scalar', 'bool', False),
        ),
        'CustomQuantization': (
            ('custom', 0, 'scalars', 'uint8', 0, False, 16),
        ),
        'DensifyOptions': (
        ),
        'DepthToSpaceOptions': (
            ('block_size', 0, 'scalar', 'int32', 0),
        ),
        'DepthwiseConv2DOptions': (
            ('padding', 0, 'scalar', 'int8', 0),
            ('stride_w', 1, 'scalar', 'int32', 0),
            ('stride_h', 2, 'scalar', 'int32', 0),
            ('depth_multiplier', 3, 'scalar', 'int32', 0),
            ('fused_activation_function', 4, 'scalar', 'int8', 0),
            ('dilation_w_factor', 5, 'scalar', 'int32', 1),
            ('dilation_h_factor', 6, 'scalar', 'int32', 1),
        ),
        'DequantizeOptions': (
        ),
        'DimensionMetadata': (
            ('format', 0, 'scalar', 'int8', 0),
            ('dense_size', 1, 'scalar', 'int32', 0),
            ('array_segments_type', 2, 'scalar', 'uint8', 0),
            ('array_segments', 3, 'union', 'SparseIndexVector'),
            ('array_indices_type', 4, 'scalar', 'uint8', 0),
            ('array_indices', 5, 'union', 'SparseIndexVector'),
        ),
        'DivOptions': (
            ('fused_activation_function', 0, 'scalar', 'int8', 0),
        ),
        'DynamicUpdateSliceOptions': (
        ),
        'EqualOptions': (
        ),
        'ExpOptions': (
        ),
        'ExpandDimsOptions': (
        ),
        'FakeQuantOptions': (
            ('min', 0, 'scalar', 'float32', 0.0),
            ('max', 1, 'scalar', 'float32', 0.0),
            ('num_bits', 2, 'scalar', 'int32', 0),
            ('narrow_range', 3, 'scalar', 'bool', False),
        ),
        'FillOptions': (
        ),
        'FloorDivOptions': (
        ),
        'FloorModOptions': (
        ),
        'FullyConnectedOptions': (
            ('fused_activation_function', 0, 'scalar', 'int8', 0),
            ('weights_format', 1, 'scalar', 'int8', 0),
            ('keep_num_dims', 2, 'scalar', 'bool', False),
            ('asymmetric_quantize_inputs', 3, 'scalar', 'bool', False),
            ('quantized_bias_type', 4, 'scalar', 'int8', 0),
        ),
        'GatherNdOptions': (
        ),
        'GatherOptions': (
            ('axis', 0, 'scalar', 'int32', 0),
            ('batch_dims', 1, 'scalar', 'int32', 0),
        ),
        'GeluOptions': (
            ('approximate', 0, 'scalar', 'bool', False),
        ),
        'GreaterEqualOptions': (
        ),
        'GreaterOptions': (
        ),
        'HardSwishOptions': (
        ),
        'IfOptions': (
            ('then_subgraph_index', 0, 'scalar', 'int32', 0),
            ('else_subgraph_index', 1, 'scalar', 'int32', 0),
        ),
        'Int32Vector': (
            ('values', 0, 'scalars', 'int32'),
        ),
        'L2NormOptions': (
            ('fused_activation_function', 0, 'scalar', 'int8', 0),
        ),
        'LSTMOptions': (
            ('fused_activation_function', 0, 'scalar', 'int8', 0),
            ('cell_clip', 1, 'scalar', 'float32', 0.0),
            ('proj_clip', 2, 'scalar', 'float32', 0.0),
            ('kernel_type', 3, 'scalar', 'int8', 0),
            ('asymmetric_quantize_inputs', 4, 'scalar', 'bool', False),
        ),
        'LeakyReluOptions': (
            ('alpha', 0, 'scalar', 'float32', 0.0),
        ),
        'LessEqualOptions': (
        ),
        'LessOptions': (
        ),
        'LocalResponseNormalizationOptions': (
            ('radius', 0, 'scalar', 'int32', 0),
            ('bias', 1, 'scalar', 'float32', 0.0),
            ('alpha', 2, 'scalar', 'float32', 0.0),
            ('beta', 3, 'scalar', 'float32', 0.0),
        ),
        'LogSoftmaxOptions': (
        ),
        'LogicalAndOptions': (
        ),
        'LogicalNotOptions': (
        ),
        'LogicalOrOptions': (
        ),
        'MaximumMinimumOptions': (
        ),
        'Metadata': (
            ('name', 0, 'string', ''),
            ('buffer', 1, 'scalar', 'uint32', 0),
        ),
        'MirrorPadOptions': (
            ('mode', 0, 'scalar', 'int8', 0),
        ),
        'Model': (
            ('version', 0, 'scalar', 'uint32', 0),
            ('operator_codes', 1, 'tables', 'OperatorCode'),
            ('subgraphs', 2, 'tables', 'SubGraph'),
            ('description', 3, 'string', ''),
            ('buffers', 4, 'tables', 'Buffer'),
            ('metadata_buffer', 5, 'scalars', 'int32'),
            ('metadata', 6, 'tables', 'Metadata'),
            ('signature_defs', 7, 'tables', 'SignatureDef'),
        ),
        'MulOptions': (
            ('fused_activation_function', 0, 'scalar', 'int8', 0),
        ),
        'NegOptions': (
        ),
        'NonMaxSuppressionV4Options': (
        ),
        'NonMaxSuppressionV5Options': (
        ),
        'NotEqualOptions': (
        ),
        'OneHotOptions': (
            ('axis', 0, 'scalar', 'int32', 0),
        ),
        'Operator': (
            ('opcode_index', 0, 'scalar', 'uint32', 0),
            ('inputs', 1, 'scalars', 'int32'),
            ('outputs', 2, 'scalars', 'int32'),
            ('builtin_options_type', 3, 'scalar', 'uint8', 0),
            ('builtin_options', 4, 'union', 'BuiltinOptions'),
            ('custom_options', 5, 'scalars', 'uint8'),
            ('custom_options_format', 6, 'scalar', 'int8', 0),
            ('mutating_variable_inputs', 7, 'scalars', 'bool'),
            ('intermediates', 8, 'scalars', 'int32'),
        ),
        'OperatorCode': (
            ('deprecated_builtin_code', 0, 'scalar', 'int8', 0),
            ('custom_code', 1, 'string', ''),
            ('version', 2, 'scalar', 'int32', 1),
            ('builtin_code', 3, 'scalar', 'int32', 0),
        ),
        'PackOptions': (
            ('values_count', 0, 'scalar', 'int32', 0),
            ('axis', 1, 'scalar', 'int32', 0),
        ),
        'PadOptions': (
        ),
        'PadV2Options': (
        ),
        'Pool2DOptions': (
            ('padding', 0, 'scalar', 'int8', 0),
            ('stride_w', 1, 'scalar', 'int32', 0),
            ('stride_h', 2, 'scalar', 'int32', 0),
            ('filter_width', 3, 'scalar', 'int32', 0),
            ('filter_height', 4, 'scalar', 'int32', 0),
            ('fused_activation_function', 5, 'scalar', 'int8', 0),
        ),
        'PowOptions': (
        ),
        'QuantizationParameters': (
            ('min', 0, 'scalars', 'float32'),
            ('max', 1, 'scalars', 'float32'),
            ('scale', 2, 'scalars', 'float32'),
            ('zero_point', 3, 'scalars', 'int64'),
            ('details_type', 4, 'scalar', 'uint8', 0),
            ('details', 5, 'union', 'QuantizationDetails'),
            ('quantized_dimension', 6, 'scalar', 'int32', 0),
        ),
        'QuantizeOptions': (
        ),
        'RNNOptions': (
            ('fused_activation_function', 0, 'scalar', 'int8', 0),
            ('asymmetric_quantize_inputs', 1, 'scalar', 'bool', False),
        ),
        'RangeOptions': (
        ),
        'RankOptions': (
        ),
        'ReadVariableOptions': (
        ),
        'ReducerOptions': (
            ('keep_dims', 0, 'scalar', 'bool', False),
        ),
        'ReshapeOptions': (
            ('new_shape', 0, 'scalars', 'int32'),
        ),
        'ResizeBilinearOptions': (
            ('align_corners', 2, 'scalar', 'bool', False),
            ('half_pixel_centers', 3, 'scalar', 'bool', False),
        ),
        'ResizeNearestNeighborOptions': (
            ('align_corners', 0, 'scalar', 'bool', False),
            ('half_pixel_centers', 1, 'scalar', 'bool', False),
        ),
        'ReverseSequenceOptions': (
            ('seq_dim', 0, 'scalar', 'int32', 0),
            ('batch_dim', 1, 'scalar', 'int32', 0),
        ),
        'ReverseV2Options': (
        ),
        'SVDFOptions': (
            ('rank', 0, 'scalar', 'int32', 0),
            ('fused_activation_function', 1, 'scalar', 'int8', 0),
            ('asymmetric_quantize_inputs', 2, 'scalar', 'bool', False),
        ),
        'ScatterNdOptions': (
        ),
        'SelectOptions': (
        ),
        'SelectV2Options': (
        ),
        'SequenceRNNOptions': (
            ('time_major', 0, 'scalar', 'bool', False),
            ('fused_activation_function', 1, 'scalar', 'int8', 0),
            ('asymmetric_quantize_inputs', 2, 'scalar', 'bool', False),
        ),
        'ShapeOptions': (
            ('out_type', 0, 'scalar', 'int8', 0),
        ),
        'SignOptions': (
        ),
        'SignatureDef': (
            ('inputs', 0, 'tables', 'TensorMap'),
            ('outputs', 1, 'tables', 'TensorMap'),
            ('signature_key', 2, 'string', ''),
            ('subgraph_index', 4, 'scalar', 'uint32', 0),
        ),
        'SliceOptions': (
        ),
        'SoftmaxOptions': (
            ('beta', 0, 'scalar', 'float32', 0.0),
        ),
        'SpaceToBatchNDOptions': (
        ),
        'SpaceToDepthOptions': (
            ('block_size', 0, 'scalar', 'int32', 0),
        ),
        'SparsityParameters': (
            ('traversal_order', 0, 'scalars', 'int32'),
            ('block_map', 1, 'scalars', 'int32'),
            ('dim_metadata', 2, 'tables', 'DimensionMetadata'),
        ),
        'SplitOptions': (
            ('num_splits', 0, 'scalar', 'int32', 0),
        ),
        'SplitVOptions': (
            ('num_splits', 0, 'scalar', 'int32', 0),
        ),
        'SquareOptions': (
        ),
        'SquaredDifferenceOptions': (
        ),
        'SqueezeOptions': (
            ('squeeze_dims', 0, 'scalars', 'int32'),
        ),
        'StridedSliceOptions': (
            ('begin_mask', 0, 'scalar', 'int32', 0),
            ('end_mask', 1, 'scalar', 'int32', 0),
            ('ellipsis_mask', 2, 'scalar', 'int32', 0),
            ('new_axis_mask', 3, 'scalar', 'int32', 0),
            ('shrink_axis_mask', 4, 'scalar', 'int32', 0),
            ('offset', 5, 'scalar', 'bool', False),
        ),
        'SubGraph': (
            ('tensors', 0, 'tables', 'Tensor'),
            ('inputs', 1, 'scalars', 'int32'),
            ('outputs', 2, 'scalars', 'int32'),
            ('operators', 3, 'tables', 'Operator'),
            ('name', 4, 'string', ''),
        ),
        'SubOptions': (
            ('fused_activation_function', 0, 'scalar', 'int8', 0),
            ('pot_scale_int16', 1, 'scalar', 'bool', True),
        ),
        'Tensor': (
            ('shape', 0, 'scalars', 'int32'),
            ('type', 1, 'scalar', 'int8', 0),
            ('buffer', 2, 'scalar', 'uint32', 0),
            ('name', 3, 'string', ''),
            ('quantization', 4, 'table', 'QuantizationParameters'),
            ('is_variable', 5, 'scalar', 'bool', False),
            ('sparsity', 6, 'table', 'SparsityParameters'),
            ('shape_signature', 7, 'scalars', 'int32'),
        ),
        'TensorMap': (
            ('name', 0, 'string', ''),
            ('tensor_index', 1, 'scalar', 'uint32', 0),
        ),
        'TileOptions': (
        ),
        'TopKV2Options': (
        ),
        'TransposeConvOptions': (
            ('padding', 0, 'scalar', 'int8', 0),
            ('stride_w', 1, 'scalar', 'int32', 0),
            ('stride_h', 2, 'scalar', 'int32', 0),
            ('fused_activation_function', 3, 'scalar', 'int8', 0),
            ('quantized_bias_type', 4, 'scalar', 'int8', 0),
        ),
        'TransposeOptions': (
        ),
        'Uint16Vector': (
            ('values', 0, 'scalars', 'uint16', 0, False, 4),
        ),
        'Uint8Vector': (
            ('values', 0, 'scalars', 'uint8', 0, False, 4),
        ),
        'UnidirectionalSequenceLSTMOptions': (
            ('fused_activation_function', 0, 'scalar', 'int8', 0),
            ('cell_clip', 1, 'scalar', 'float32', 0.0),
            ('proj_clip', 2, 'scalar', 'float32', 0.0),
            ('time_major', 3, 'scalar', 'bool', False),
            ('asymmetric_quantize_inputs', 4, 'scalar', 'bool', False),
            ('diagonal_recurrent_tensors', 5, 'scalar', 'bool', False),
        ),
        'UnpackOptions': (
            ('num', 0, 'scalar', 'int32', 0),
            ('axis', 1, 'scalar', 'int32', 0),
        ),
        'VarHandleOptions': (
            ('container', 0, 'string', ''),
            ('shared_name', 1, 'string', ''),
        ),
        'WhereOptions': (
        ),
        'WhileOptions': (
            ('cond_subgraph_index', 0, 'scalar', 'int32', 0),
            ('body_subgraph_index', 1, 'scalar', 'int32', 0),
        ),
        'ZerosLikeOptions': (
        ),
    }),
    unions={
        'BuiltinOptions': {
            1: 'Conv2DOptions',
            2: 'DepthwiseConv2DOptions',
            5: 'Pool2DOptions',
            6: 'SVDFOptions',
            7: 'RNNOptions',
            8: 'FullyConnectedOptions',
            9: 'SoftmaxOptions',
            10: 'ConcatenationOptions',
            11: 'AddOptions',
            12: 'L2NormOptions',
            13: 'LocalResponseNormalizationOptions',
            14: 'LSTMOptions',
            15: 'ResizeBilinearOptions',
            17: 'ReshapeOptions',
            19: 'SpaceToDepthOptions',
            21: 'MulOptions',
            22: 'PadOptions',
            23: 'GatherOptions',
            24: 'BatchToSpaceNDOptions',
            25: 'SpaceToBatchNDOptions',
            26: 'TransposeOptions',
            27: 'ReducerOptions',
            28: 'SubOptions',
            29: 'DivOptions',
            30: 'SqueezeOptions',
            31: 'SequenceRNNOptions',
            32: 'StridedSliceOptions',
            33: 'ExpOptions',
            34: 'TopKV2Options',
            35: 'SplitOptions',
            36: 'LogSoftmaxOptions',
            37: 'CastOptions',
            38: 'DequantizeOptions',
            39: 'MaximumMinimumOptions',
            40: 'ArgMaxOptions',
            41: 'LessOptions',
            42: 'NegOptions',
            43: 'PadV2Options',
            44: 'GreaterOptions',
            45: 'GreaterEqualOptions',
            46: 'LessEqualOptions',
            47: 'SelectOptions',
            48: 'SliceOptions',
            49: 'TransposeConvOptions',
            51: 'TileOptions',
            52: 'ExpandDimsOptions',
            53: 'EqualOptions',
            54: 'NotEqualOptions',
            55: 'ShapeOptions',
            56: 'PowOptions',
            57: 'ArgMinOptions',
            58: 'FakeQuantOptions',
            59: 'PackOptions',
            60: 'LogicalOrOptions',
            61: 'OneHotOptions',
            62: 'LogicalAndOptions',
            63: 'LogicalNotOptions',
            64: 'UnpackOptions',
            65: 'FloorDivOptions',
            66: 'SquareOptions',
            67: 'ZerosLikeOptions',
            68: 'FillOptions',
            69: 'BidirectionalSequenceLSTMOptions',
            70: 'BidirectionalSequenceRNNOptions',
            71: 'UnidirectionalSequenceLSTMOptions',
            72: 'FloorModOptions',
            73: 'RangeOptions',
            74: 'ResizeNearestNeighborOptions',
            75: 'LeakyReluOptions',
            76: 'SquaredDifferenceOptions',
            77: 'MirrorPadOptions',
            78: 'AbsOptions',
            79: 'SplitVOptions',
            81: 'ReverseV2Options',
            82: 'AddNOptions',
            83: 'GatherNdOptions',
            84: 'CosOptions',
            85: 'WhereOptions',
            86: 'RankOptions',
            87: 'ReverseSequenceOptions',
            89: 'QuantizeOptions',
            91: 'HardSwishOptions',
            92: 'IfOptions',
            93: 'WhileOptions',
            94: 'DepthToSpaceOptions',
            95: 'NonMaxSuppressionV4Options',
            96: 'NonMaxSuppressionV5Options',
            97: 'ScatterNdOptions',
            98: 'SelectV2Options',
            99: 'DensifyOptions',
            101: 'BatchMatMulOptions',
            102: 'CumsumOptions',
            103: 'CallOnceOptions',
            104: 'BroadcastToOptions',
            106: 'Conv3DOptions',
            111: 'VarHandleOptions',
            112: 'ReadVariableOptions',
            113: 'AssignVariableOptions',
            116: 'GeluOptions',
            117: 'DynamicUpdateSliceOptions',
            122: 'ATan2Options',
            123: 'SignOptions',
        },
        'QuantizationDetails': {
            1: 'CustomQuantization',
            2: 'BlockwiseQuantization',
        },
        'SparseIndexVector': {
            1: 'Int32Vector',
            2: 'Uint16Vector',
            3: 'Uint8Vector',
        },
    },
)
