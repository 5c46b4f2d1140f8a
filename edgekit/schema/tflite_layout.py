"""The layout of schemas/tflite.fbs. Made by scripts/generate_schema.py."""

from edgekit.schema import Numbers, Schema, Tables

ActivationFunctionType = Numbers(
    "NONE RELU RELU_N1_TO_1 RELU6 TANH SIGN_BIT"
)

BuiltinOperator = Numbers(
    "ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE "
    "EMBEDDING_LOOKUP FLOOR FULLY_CONNECTED HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D "
    "LOCAL_RESPONSE_NORMALIZATION LOGISTIC LSH_PROJECTION LSTM MAX_POOL_2D MUL RELU "
    "RELU_N1_TO_1 RELU6 RESHAPE RESIZE_BILINEAR RNN SOFTMAX SPACE_TO_DEPTH SVDF TANH "
    "CONCAT_EMBEDDINGS SKIP_GRAM CALL CUSTOM EMBEDDING_LOOKUP_SPARSE PAD "
    "UNIDIRECTIONAL_SEQUENCE_RNN GATHER BATCH_TO_SPACE_ND SPACE_TO_BATCH_ND TRANSPOSE MEAN SUB "
    "DIV SQUEEZE UNIDIRECTIONAL_SEQUENCE_LSTM STRIDED_SLICE BIDIRECTIONAL_SEQUENCE_RNN EXP "
    "TOPK_V2 SPLIT LOG_SOFTMAX DELEGATE BIDIRECTIONAL_SEQUENCE_LSTM CAST PRELU MAXIMUM ARG_MAX "
    "MINIMUM LESS NEG PADV2 GREATER GREATER_EQUAL LESS_EQUAL SELECT SLICE SIN TRANSPOSE_CONV "
    "SPARSE_TO_DENSE TILE EXPAND_DIMS EQUAL NOT_EQUAL LOG SUM SQRT RSQRT SHAPE POW ARG_MIN "
    "FAKE_QUANT REDUCE_PROD REDUCE_MAX PACK LOGICAL_OR ONE_HOT LOGICAL_AND LOGICAL_NOT UNPACK "
    "REDUCE_MIN FLOOR_DIV REDUCE_ANY SQUARE ZEROS_LIKE FILL FLOOR_MOD RANGE "
    "RESIZE_NEAREST_NEIGHBOR LEAKY_RELU SQUARED_DIFFERENCE MIRROR_PAD ABS SPLIT_V UNIQUE CEIL "
    "REVERSE_V2 ADD_N GATHER_ND COS WHERE RANK ELU REVERSE_SEQUENCE MATRIX_DIAG QUANTIZE "
    "MATRIX_SET_DIAG ROUND HARD_SWISH IF WHILE NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 "
    "SCATTER_ND SELECT_V2 DENSIFY SEGMENT_SUM BATCH_MATMUL PLACEHOLDER_FOR_GREATER_OP_CODES "
    "CUMSUM CALL_ONCE BROADCAST_TO RFFT2D CONV_3D IMAG REAL COMPLEX_ABS HASHTABLE "
    "HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_SIZE REDUCE_ALL CONV_3D_TRANSPOSE VAR_HANDLE "
    "READ_VARIABLE ASSIGN_VARIABLE BROADCAST_ARGS RANDOM_STANDARD_NORMAL BUCKETIZE "
    "RANDOM_UNIFORM MULTINOMIAL GELU DYNAMIC_UPDATE_SLICE RELU_0_TO_1 UNSORTED_SEGMENT_PROD "
    "UNSORTED_SEGMENT_MAX UNSORTED_SEGMENT_SUM ATAN2 UNSORTED_SEGMENT_MIN SIGN BITCAST "
    "BITWISE_XOR RIGHT_SHIFT STABLEHLO_LOGISTIC STABLEHLO_ADD STABLEHLO_DIVIDE "
    "STABLEHLO_MULTIPLY STABLEHLO_MAXIMUM STABLEHLO_RESHAPE STABLEHLO_CLAMP "
    "STABLEHLO_CONCATENATE STABLEHLO_BROADCAST_IN_DIM STABLEHLO_CONVOLUTION STABLEHLO_SLICE "
    "STABLEHLO_CUSTOM_CALL STABLEHLO_REDUCE STABLEHLO_ABS STABLEHLO_AND STABLEHLO_COSINE "
    "STABLEHLO_EXPONENTIAL STABLEHLO_FLOOR STABLEHLO_LOG STABLEHLO_MINIMUM STABLEHLO_NEGATE "
    "STABLEHLO_OR STABLEHLO_POWER STABLEHLO_REMAINDER STABLEHLO_RSQRT STABLEHLO_SELECT "
    "STABLEHLO_SUBTRACT STABLEHLO_TANH STABLEHLO_SCATTER STABLEHLO_COMPARE STABLEHLO_CONVERT "
    "STABLEHLO_DYNAMIC_SLICE STABLEHLO_DYNAMIC_UPDATE_SLICE STABLEHLO_PAD STABLEHLO_IOTA "
    "STABLEHLO_DOT_GENERAL STABLEHLO_REDUCE_WINDOW STABLEHLO_SORT STABLEHLO_WHILE "
    "STABLEHLO_GATHER STABLEHLO_TRANSPOSE DILATE STABLEHLO_RNG_BIT_GENERATOR REDUCE_WINDOW "
    "STABLEHLO_COMPOSITE STABLEHLO_SHIFT_LEFT STABLEHLO_CBRT STABLEHLO_CASE"
)

CombinerType = Numbers(
    "SUM MEAN SQRTN"
)

CustomOptionsFormat = Numbers(
    "FLEXBUFFERS"
)

DimensionType = Numbers(
    "DENSE SPARSE_CSR"
)

FullyConnectedOptionsWeightsFormat = Numbers(
    "DEFAULT SHUFFLED4x16INT8"
)

LSTMKernelType = Numbers(
    "FULL BASIC"
)

MirrorPadMode = Numbers(
    "REFLECT SYMMETRIC"
)

Padding = Numbers(
    "SAME VALID"
)

TensorType = Numbers(
    "FLOAT32 FLOAT16 INT32 UINT8 INT64 STRING BOOL INT16 COMPLEX64 INT8 FLOAT64 COMPLEX128 "
    "UINT64 RESOURCE VARIANT UINT32 UINT16 INT4 BFLOAT16 INT2 UINT4 FLOAT8_E4M3FN FLOAT8_E5M2"
)

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
        'BitwiseXorOptions': (
        ),
        'BlockwiseQuantization': (
            ('scales', 0, 'scalar', 'int32', 0),
            ('zero_points', 1, 'scalar', 'int32', 0),
            ('block_size', 2, 'scalar', 'int32', 0),
        ),
        'BroadcastToOptions': (
        ),
        'BucketizeOptions': (
            ('boundaries', 0, 'scalars', 'float32'),
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
        'DilateOptions': (
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
        'EmbeddingLookupSparseOptions': (
            ('combiner', 0, 'scalar', 'int8', 0),
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
        'MatrixDiagOptions': (
        ),
        'MatrixSetDiagOptions': (
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
            ('large_custom_options_offset', 9, 'scalar', 'uint64', 0),
            ('large_custom_options_size', 10, 'scalar', 'uint64', 0),
            ('builtin_options_2_type', 11, 'scalar', 'uint8', 0),
            ('builtin_options_2', 12, 'union', 'BuiltinOptions2'),
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
        'RightShiftOptions': (
        ),
        'SVDFOptions': (
            ('rank', 0, 'scalar', 'int32', 0),
            ('fused_activation_function', 1, 'scalar', 'int8', 0),
            ('asymmetric_quantize_inputs', 2, 'scalar', 'bool', False),
        ),
        'ScatterNdOptions': (
        ),
        'SegmentSumOptions': (
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
        'SparseToDenseOptions': (
            ('validate_indices', 0, 'scalar', 'bool', False),
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
        'StableHLOCompositeOptions': (
            ('name', 0, 'string', ''),
            ('decomposition_subgraph_index', 1, 'scalar', 'int32', 0),
            ('composite_attributes', 2, 'scalars', 'uint8'),
            ('composite_attributes_format', 3, 'scalar', 'int8', 0),
            ('version', 4, 'scalar', 'int32', 0),
        ),
        'StablehloCaseOptions': (
            ('branch_subgraph_indices', 0, 'scalars', 'int32'),
        ),
        'StablehloGatherOptions': (
            ('offset_dims', 0, 'scalars', 'int64'),
            ('collapsed_slice_dims', 1, 'scalars', 'int64'),
            ('start_index_map', 2, 'scalars', 'int64'),
            ('index_vector_dim', 3, 'scalar', 'int64', 0),
            ('slice_sizes', 4, 'scalars', 'int64'),
            ('indices_are_sorted', 5, 'scalar', 'bool', False),
        ),
        'StablehloPadOptions': (
            ('edge_padding_low', 0, 'scalars', 'int64'),
            ('edge_padding_high', 1, 'scalars', 'int64'),
            ('interior_padding', 2, 'scalars', 'int64'),
        ),
        'StablehloScatterOptions': (
            ('indices_are_sorted', 0, 'scalar', 'bool', False),
            ('update_window_dims', 1, 'scalars', 'int64'),
            ('inserted_window_dims', 2, 'scalars', 'int64'),
            ('scatter_dims_to_operand_dims', 3, 'scalars', 'int64'),
            ('index_vector_dim', 4, 'scalar', 'int64', 0),
            ('unique_indices', 5, 'scalar', 'bool', False),
            ('update_computation_subgraph_index', 6, 'scalar', 'int32', 0),
        ),
        'StablehloShiftLeftOptions': (
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
        'UniqueOptions': (
            ('idx_out_type', 0, 'scalar', 'int8', 2),
        ),
        'UnpackOptions': (
            ('num', 0, 'scalar', 'int32', 0),
            ('axis', 1, 'scalar', 'int32', 0),
        ),
        'UnsortedSegmentMaxOptions': (
        ),
        'UnsortedSegmentMinOptions': (
        ),
        'UnsortedSegmentProdOptions': (
        ),
        'UnsortedSegmentSumOptions': (
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
            20: 'EmbeddingLookupSparseOptions',
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
            50: 'SparseToDenseOptions',
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
            80: 'UniqueOptions',
            81: 'ReverseV2Options',
            82: 'AddNOptions',
            83: 'GatherNdOptions',
            84: 'CosOptions',
            85: 'WhereOptions',
            86: 'RankOptions',
            87: 'ReverseSequenceOptions',
            88: 'MatrixDiagOptions',
            89: 'QuantizeOptions',
            90: 'MatrixSetDiagOptions',
            91: 'HardSwishOptions',
            92: 'IfOptions',
            93: 'WhileOptions',
            94: 'DepthToSpaceOptions',
            95: 'NonMaxSuppressionV4Options',
            96: 'NonMaxSuppressionV5Options',
            97: 'ScatterNdOptions',
            98: 'SelectV2Options',
            99: 'DensifyOptions',
            100: 'SegmentSumOptions',
            101: 'BatchMatMulOptions',
            102: 'CumsumOptions',
            103: 'CallOnceOptions',
            104: 'BroadcastToOptions',
            106: 'Conv3DOptions',
            111: 'VarHandleOptions',
            112: 'ReadVariableOptions',
            113: 'AssignVariableOptions',
            115: 'BucketizeOptions',
            116: 'GeluOptions',
            117: 'DynamicUpdateSliceOptions',
            118: 'UnsortedSegmentProdOptions',
            119: 'UnsortedSegmentMaxOptions',
            120: 'UnsortedSegmentMinOptions',
            121: 'UnsortedSegmentSumOptions',
            122: 'ATan2Options',
            123: 'SignOptions',
            125: 'BitwiseXorOptions',
            126: 'RightShiftOptions',
        },
        'BuiltinOptions2': {
            7: 'StablehloScatterOptions',
            10: 'StablehloPadOptions',
            16: 'StablehloGatherOptions',
            18: 'DilateOptions',
            21: 'StableHLOCompositeOptions',
            22: 'StablehloShiftLeftOptions',
            23: 'StablehloCaseOptions',
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
