"""The options of the builtin operators: their tables, and which operator has which.

The notation is that of notation.py. A table that the schema leaves without fields is here as well:
an operator may carry it, and then it must be known to be the right one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_FUSED = "fused_activation_function:ActivationFunctionType"
_STRIDES = "stride_w:int32 stride_h:int32"
_DILATIONS = "dilation_w_factor:int32=1 dilation_h_factor:int32=1"
_ASYMMETRIC = "asymmetric_quantize_inputs:bool"

_WITH_FIELDS: Mapping[str, str] = {
    "AddOptions": f"{_FUSED} pot_scale_int16:bool=1",
    "ArgMaxOptions": "output_type:TensorType",
    "ArgMinOptions": "output_type:TensorType",
    "BatchMatMulOptions": f"adj_x:bool adj_y:bool {_ASYMMETRIC}",
    "BidirectionalSequenceLSTMOptions": (
        f"{_FUSED} cell_clip:float32 proj_clip:float32 merge_outputs:bool time_major:bool=1 "
        f"{_ASYMMETRIC}"
    ),
    "BidirectionalSequenceRNNOptions": f"time_major:bool {_FUSED} merge_outputs:bool {_ASYMMETRIC}",
    "BucketizeOptions": "boundaries:[float32]",
    "CallOnceOptions": "init_subgraph_index:int32",
    "CallOptions": "subgraph:uint32",
    "CastOptions": "in_data_type:TensorType out_data_type:TensorType",
    "ConcatEmbeddingsOptions": (
        "num_channels:int32 num_columns_per_channel:[int32] embedding_dim_per_channel:[int32]"
    ),
    "ConcatenationOptions": f"axis:int32 {_FUSED}",
    "Conv2DOptions": (
        f"padding:Padding {_STRIDES} {_FUSED} {_DILATIONS} quantized_bias_type:TensorType"
    ),
    "Conv3DOptions": (
        f"padding:Padding stride_d:int32 {_STRIDES} {_FUSED} dilation_d_factor:int32=1 {_DILATIONS}"
    ),
    "CumsumOptions": "exclusive:bool reverse:bool",
    "DepthToSpaceOptions": "block_size:int32",
    "DepthwiseConv2DOptions": (
        f"padding:Padding {_STRIDES} depth_multiplier:int32 {_FUSED} {_DILATIONS}"
    ),
    "DivOptions": _FUSED,
    "EmbeddingLookupSparseOptions": "combiner:CombinerType",
    "FakeQuantOptions": "min:float32 max:float32 num_bits:int32 narrow_range:bool",
    "FullyConnectedOptions": (
        f"{_FUSED} weights_format:FullyConnectedOptionsWeightsFormat keep_num_dims:bool "
        f"{_ASYMMETRIC} quantized_bias_type:TensorType quant_spec:[uint8]"
    ),
    "GatherOptions": "axis:int32 batch_dims:int32",
    "GeluOptions": "approximate:bool",
    "HashtableOptions": "table_id:int32 key_dtype:TensorType value_dtype:TensorType",
    "IfOptions": "then_subgraph_index:int32 else_subgraph_index:int32",
    "L2NormOptions": _FUSED,
    "LSHProjectionOptions": "type:LSHProjectionType",
    "LSTMOptions": (
        f"{_FUSED} cell_clip:float32 proj_clip:float32 kernel_type:LSTMKernelType {_ASYMMETRIC}"
    ),
    "LeakyReluOptions": "alpha:float32",
    "LocalResponseNormalizationOptions": "radius:int32 bias:float32 alpha:float32 beta:float32",
    "MirrorPadOptions": "mode:MirrorPadMode",
    "MulOptions": _FUSED,
    "OneHotOptions": "axis:int32",
    "PackOptions": "values_count:int32 axis:int32",
    "Pool2DOptions": f"padding:Padding {_STRIDES} filter_width:int32 filter_height:int32 {_FUSED}",
    "RNNOptions": f"{_FUSED} {_ASYMMETRIC}",
    "RandomOptions": "seed:int64 seed2:int64",
    "ReducerOptions": "keep_dims:bool",
    "ReshapeOptions": "new_shape:[int32]",
    "ResizeBilinearOptions": "_ _ align_corners:bool half_pixel_centers:bool",
    "ResizeNearestNeighborOptions": "align_corners:bool half_pixel_centers:bool",
    "ReverseSequenceOptions": "seq_dim:int32 batch_dim:int32",
    "SVDFOptions": f"rank:int32 {_FUSED} {_ASYMMETRIC}",
    "SequenceRNNOptions": f"time_major:bool {_FUSED} {_ASYMMETRIC}",
    "ShapeOptions": "out_type:TensorType",
    "SkipGramOptions": "ngram_size:int32 max_skip_size:int32 include_all_ngrams:bool",
    "SoftmaxOptions": "beta:float32",
    "SpaceToDepthOptions": "block_size:int32",
    "SparseToDenseOptions": "validate_indices:bool",
    "SplitOptions": "num_splits:int32",
    "SplitVOptions": "num_splits:int32",
    "SqueezeOptions": "squeeze_dims:[int32]",
    "StridedSliceOptions": (
        "begin_mask:int32 end_mask:int32 ellipsis_mask:int32 new_axis_mask:int32 "
        "shrink_axis_mask:int32 offset:bool"
    ),
    "SubOptions": f"{_FUSED} pot_scale_int16:bool=1",
    "TransposeConvOptions": f"padding:Padding {_STRIDES} {_FUSED} quantized_bias_type:TensorType",
    "UnidirectionalSequenceLSTMOptions": (
        f"{_FUSED} cell_clip:float32 proj_clip:float32 time_major:bool {_ASYMMETRIC} "
        "diagonal_recurrent_tensors:bool"
    ),
    "UniqueOptions": "idx_out_type:TensorType=2",
    "UnpackOptions": "num:int32 axis:int32",
    "VarHandleOptions": "container:string shared_name:string",
    "WhileOptions": "cond_subgraph_index:int32 body_subgraph_index:int32",
}

_STABLEHLO: Mapping[str, str] = {
    "StablehloConcatenateOptions": "dimension:int64",
    "StablehloBroadcastInDimOptions": "broadcast_dimensions:[int64]",
    "StablehloSliceOptions": "start_indices:[int64] limit_indices:[int64] strides:[int64]",
    "StablehloConvolutionOptions": (
        "window_strides:[int64] padding:[int64] lhs_dilation:[int64] rhs_dilation:[int64] "
        "window_reversal:[bool] input_batch_dimension:int64 input_feature_dimension:int64 "
        "input_spatial_dimensions:[int64] kernel_input_feature_dimension:int64 "
        "kernel_output_feature_dimension:int64 kernel_spatial_dimensions:[int64] "
        "output_batch_dimension:int64 output_feature_dimension:int64 "
        "output_spatial_dimensions:[int64] feature_group_count:int64 batch_group_count:int64 "
        "precision_config:[StablehloPrecisionConfig]"
    ),
    "StablehloCustomCallOptions": (
        "call_target_name:string has_side_effect:bool backend_config:string api_version:int32 "
        "called_computations:[int32] custom_attributes:[uint8]"
    ),
    "StablehloReduceOptions": "dimensions:[int64] body_subgraph_index:int32",
    "StablehloScatterOptions": (
        "indices_are_sorted:bool update_window_dims:[int64] inserted_window_dims:[int64] "
        "scatter_dims_to_operand_dims:[int64] index_vector_dim:int64 unique_indices:bool "
        "update_computation_subgraph_index:int32"
    ),
    "StablehloCompareOptions": (
        "comparison_direction:StablehloComparisonDirection compare_type:StablehloComparisonType"
    ),
    "StablehloDynamicSliceOptions": "slice_sizes:[int64]",
    "StablehloPadOptions": (
        "edge_padding_low:[int64] edge_padding_high:[int64] interior_padding:[int64]"
    ),
    "StablehloIotaOptions": "iota_dimension:int64",
    "StablehloDotGeneralOptions": (
        "lhs_batching_dimensions:[int64] rhs_batching_dimensions:[int64] "
        "lhs_contracting_dimensions:[int64] rhs_contracting_dimensions:[int64] "
        "precision_config:[StablehloPrecisionConfig]"
    ),
    "StablehloReduceWindowOptions": (
        "window_dimensions:[int64] window_strides:[int64] base_dilations:[int64] "
        "window_dilations:[int64] padding:[int64] body_subgraph_index:int32"
    ),
    "StablehloSortOptions": "dimension:int64 is_stable:bool comparator_subgraph_index:int32",
    "StablehloWhileOptions": "cond_subgraph_index:int32 body_subgraph_index:int32",
    "StablehloGatherOptions": (
        "offset_dims:[int64] collapsed_slice_dims:[int64] start_index_map:[int64] "
        "index_vector_dim:int64 slice_sizes:[int64] indices_are_sorted:bool"
    ),
    "StablehloTransposeOptions": "permutation:[int64]",
    "DilateOptions": "",
    "StablehloRngBitGeneratorOptions": "algorithm:RngAlgorithm",
    "ReduceWindowOptions": "reduce_function:ReduceWindowFunction",
    "StableHLOCompositeOptions": (
        "name:string decomposition_subgraph_index:int32 composite_attributes:[uint8] "
        "composite_attributes_format:CustomOptionsFormat version:int32"
    ),
    "StablehloShiftLeftOptions": "",
    "StablehloCaseOptions": "branch_subgraph_indices:[int32]",
}

_WITHOUT_FIELDS = (
    "ATan2 Abs AddN AssignVariable BatchToSpaceND Bitcast BitwiseXor BroadcastTo Cos Densify "
    "Dequantize DynamicUpdateSlice Equal Exp ExpandDims Fill FloorDiv FloorMod GatherNd "
    "GreaterEqual Greater HardSwish HashtableFind HashtableImport HashtableSize LessEqual Less "
    "LogSoftmax LogicalAnd LogicalNot LogicalOr MatrixDiag MatrixSetDiag MaximumMinimum Neg "
    "NonMaxSuppressionV4 NonMaxSuppressionV5 NotEqual Pad PadV2 Pow Quantize Range Rank "
    "ReadVariable ReverseV2 Rfft2d RightShift ScatterNd SegmentSum Select SelectV2 Sign Slice "
    "SpaceToBatchND Square SquaredDifference Tile TopKV2 Transpose UnsortedSegmentMax "
    "UnsortedSegmentMin UnsortedSegmentProd UnsortedSegmentSum Where ZerosLike"
)

OPTION_TABLES: Final[Mapping[str, str]] = {
    **_WITH_FIELDS,
    **{f"{name}Options": "" for name in _WITHOUT_FIELDS.split()},
    **_STABLEHLO,
}
"""Table name to its fields, both unions."""

_REGULAR = (
    "ABS ARG_MAX ARG_MIN ASSIGN_VARIABLE BATCH_TO_SPACE_ND BIDIRECTIONAL_SEQUENCE_LSTM "
    "BIDIRECTIONAL_SEQUENCE_RNN BITCAST BITWISE_XOR BROADCAST_TO BUCKETIZE CALL CALL_ONCE CAST "
    "CONCAT_EMBEDDINGS CONCATENATION CONV_2D CONV_3D COS CUMSUM DENSIFY DEPTH_TO_SPACE "
    "DEPTHWISE_CONV_2D DEQUANTIZE DIV DYNAMIC_UPDATE_SLICE EMBEDDING_LOOKUP_SPARSE EQUAL EXP "
    "EXPAND_DIMS FAKE_QUANT FILL FLOOR_DIV FLOOR_MOD FULLY_CONNECTED GATHER GATHER_ND GELU GREATER "
    "GREATER_EQUAL HARD_SWISH HASHTABLE HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_SIZE IF "
    "LEAKY_RELU LESS LESS_EQUAL LOCAL_RESPONSE_NORMALIZATION LOG_SOFTMAX LOGICAL_AND LOGICAL_NOT "
    "LOGICAL_OR LSH_PROJECTION LSTM MATRIX_DIAG MATRIX_SET_DIAG MIRROR_PAD MUL NEG "
    "NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 NOT_EQUAL ONE_HOT PACK PAD PADV2 POW QUANTIZE "
    "RANGE RANK READ_VARIABLE RESHAPE RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR REVERSE_SEQUENCE "
    "REVERSE_V2 RFFT2D RIGHT_SHIFT RNN SCATTER_ND SEGMENT_SUM SELECT SELECT_V2 SHAPE SIGN "
    "SKIP_GRAM SLICE SOFTMAX SPACE_TO_BATCH_ND SPACE_TO_DEPTH SPARSE_TO_DENSE SPLIT SPLIT_V SQUARE "
    "SQUARED_DIFFERENCE SQUEEZE STRIDED_SLICE SUB SVDF TILE TRANSPOSE TRANSPOSE_CONV ADD ADD_N "
    "UNIDIRECTIONAL_SEQUENCE_LSTM UNIQUE UNPACK UNSORTED_SEGMENT_MAX UNSORTED_SEGMENT_MIN "
    "UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_SUM VAR_HANDLE WHERE WHILE ZEROS_LIKE DILATE "
    "REDUCE_WINDOW STABLEHLO_BROADCAST_IN_DIM STABLEHLO_CASE STABLEHLO_COMPARE "
    "STABLEHLO_CONCATENATE STABLEHLO_CONVOLUTION STABLEHLO_CUSTOM_CALL STABLEHLO_DOT_GENERAL "
    "STABLEHLO_DYNAMIC_SLICE STABLEHLO_GATHER STABLEHLO_IOTA STABLEHLO_PAD STABLEHLO_REDUCE "
    "STABLEHLO_REDUCE_WINDOW STABLEHLO_RNG_BIT_GENERATOR STABLEHLO_SCATTER STABLEHLO_SHIFT_LEFT "
    "STABLEHLO_SLICE STABLEHLO_SORT STABLEHLO_TRANSPOSE STABLEHLO_WHILE STABLEHLO_COMPOSITE"
)
"""Operators whose table is their own name in other letters, plus "Options"."""

_IRREGULAR: Mapping[str, str] = {
    "ATAN2": "ATan2Options",
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "BATCH_MATMUL": "BatchMatMulOptions",
    "CONV_3D_TRANSPOSE": "Conv3DOptions",
    "L2_NORMALIZATION": "L2NormOptions",
    "L2_POOL_2D": "Pool2DOptions",
    "MAXIMUM": "MaximumMinimumOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "MEAN": "ReducerOptions",
    "MINIMUM": "MaximumMinimumOptions",
    "MULTINOMIAL": "RandomOptions",
    "RANDOM_STANDARD_NORMAL": "RandomOptions",
    "RANDOM_UNIFORM": "RandomOptions",
    "REDUCE_ALL": "ReducerOptions",
    "REDUCE_ANY": "ReducerOptions",
    "REDUCE_MAX": "ReducerOptions",
    "REDUCE_MIN": "ReducerOptions",
    "REDUCE_PROD": "ReducerOptions",
    "SUM": "ReducerOptions",
    "TOPK_V2": "TopKV2Options",
    "UNIDIRECTIONAL_SEQUENCE_RNN": "SequenceRNNOptions",
}


def _by_letters() -> Mapping[str, str]:
    tables = {name.removesuffix("Options").lower(): name for name in OPTION_TABLES}
    return {name: tables[name.replace("_", "").lower()] for name in _REGULAR.split()}


OPTIONS_OF: Final[Mapping[str, str]] = {**_by_letters(), **_IRREGULAR}
"""Builtin operator to its options table; an operator that is not here has no options."""

IN_SECOND_UNION: Final = frozenset(_STABLEHLO)
"""The tables that Operator.builtin_options_2 carries instead of Operator.builtin_options."""
