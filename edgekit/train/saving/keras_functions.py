"""Which class of Keras stands for each function of `keras.ops` in a model file: data only.

A class is made with the settings of a function and called with its other arguments, in the order
of both. Functions of Python functions, and those whose shapes hang on values, are not among them.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["CLASSES", "FUNCTIONS", "KerasFunction"]


class KerasFunction(NamedTuple):
    """The module and the class in Keras, and the arguments that the class is made with."""

    module: str
    class_name: str
    settings: tuple[str, ...]


# module below keras.src.ops -> names, or names and settings
_NAMES: dict[str, str] = {
    "core": """
        cast dtype; saturate_cast dtype; scatter shape; scatter_update reduction; slice shape;
        slice_update; stop_gradient; unstack num axis
    """,
    "einops": "rearrange",
    "image": """
        affine_transform interpolation fill_mode fill_value data_format;
        crop_images top_cropping left_cropping bottom_cropping right_cropping
            target_height target_width data_format;
        elastic_transform alpha sigma interpolation fill_mode fill_value seed data_format;
        extract_patches size strides dilation_rate padding data_format;
        gaussian_blur kernel_size sigma data_format; hsv_to_rgb data_format;
        map_coordinates order fill_mode fill_value;
        pad_images top_padding left_padding bottom_padding right_padding
            target_height target_width data_format;
        perspective_transform interpolation fill_value data_format;
        resize size interpolation antialias data_format crop_to_aspect_ratio pad_to_aspect_ratio
            fill_mode fill_value;
        rgb_to_grayscale data_format; rgb_to_hsv data_format;
        scale_and_translate spatial_dims method antialias; sobel_edges data_format;
        ssim max_val filter_size filter_sigma k1 k2 data_format
    """,
    "linalg": """
        det; eig; eigh; inv; lu_factor; solve;
        cholesky upper; cholesky_inverse upper; lstsq rcond; matrix_rank tol;
        norm ord axis keepdims; pinv rcond; qr mode; solve_triangular lower;
        svd full_matrices compute_uv
    """,
    "math": """
        cdist; erf; erfc; erfinv; fft; fft2; ifft2; logdet; rsqrt; view_as_complex; view_as_real;
        extract_sequences sequence_length sequence_stride; in_top_k k; irfft fft_length;
        istft sequence_length sequence_stride fft_length length window center;
        logsumexp axis keepdims; rfft fft_length; segment_max num_segments sorted;
        segment_min num_segments sorted; segment_prod num_segments sorted;
        segment_sum num_segments sorted;
        stft sequence_length sequence_stride fft_length window center; top_k k sorted
    """,
    "nn": """
        hard_sigmoid; hard_silu; hard_tanh; log_sigmoid; polar; relu; relu6; selu; sigmoid;
        silu; softplus; softsign; sparse_plus; sparse_sigmoid; tanh_shrink;
        adaptive_average_pool output_size data_format;
        adaptive_max_pool output_size data_format;
        average_pool pool_size strides padding data_format; batch_normalization axis epsilon;
        binary_crossentropy from_logits; categorical_crossentropy from_logits axis; celu alpha;
        conv strides padding data_format dilation_rate;
        conv_transpose strides padding output_padding data_format dilation_rate;
        ctc_loss mask_index; depth_to_space block_size data_format;
        depthwise_conv strides padding data_format dilation_rate;
        dot_product_attention is_causal flash_attention attn_logits_soft_cap; elu alpha;
        fold output_size kernel_size dilation padding stride; gelu approximate; glu axis;
        hard_shrink threshold; layer_normalization axis epsilon rms_scaling;
        leaky_relu negative_slope; log_softmax axis;
        max_pool pool_size strides padding data_format; moments axes keepdims synchronized;
        multi_hot num_classes axis dtype sparse; normalize axis order epsilon;
        one_hot num_classes axis dtype sparse; psnr max_val; rms_normalization axis epsilon;
        separable_conv strides padding data_format dilation_rate; soft_shrink threshold;
        softmax axis; space_to_depth block_size data_format;
        sparse_categorical_crossentropy from_logits axis; sparsemax axis; squareplus b;
        threshold threshold default_value; unfold kernel_size dilation padding stride
    """,
    "numpy": """
        absolute; add; angle; arccos; arccosh; arcsin; arcsinh; arctan; arctan2; arctanh;
        bitwise_and; bitwise_invert; bitwise_left_shift; bitwise_not; bitwise_or;
        bitwise_right_shift; bitwise_xor; cbrt; ceil; conjugate; copy; corrcoef; cos; cosh;
        deg2rad; digitize; divide; divide_no_nan; dot; dstack; equal; exp; exp2; expm1;
        fabs; fliplr; flipud; floor; floor_divide; fmax; fmin; fmod; gcd; greater;
        greater_equal; heaviside; hstack; hypot; i0; imag; inner; isfinite; isinf; isnan;
        isneginf; isposinf; isreal; kron; lcm; ldexp; left_shift; less; less_equal; log;
        log10; log1p; log2; logaddexp; logaddexp2; logical_and; logical_not; logical_or;
        logical_xor; matmul; maximum; minimum; mod; multiply; negative; nextafter;
        not_equal; outer; power; rad2deg; ravel; real; reciprocal; right_shift; select;
        sign; signbit; sin; sinc; sinh; slogdet; sqrt; square; subtract; tan; tanh;
        true_divide; trunc; vdot; vstack; where;
        all axis keepdims; allclose rtol atol equal_nan; amax axis keepdims; amin axis keepdims;
        any axis keepdims; append axis; argmax axis keepdims; argmin axis keepdims;
        argpartition kth axis; argsort axis; array dtype; array_split indices_or_sections axis;
        average axis; bincount weights minlength sparse; broadcast_to shape; clip x_min x_max;
        concatenate axis; correlate mode; count_nonzero axis; cross axisa axisb axisc axis;
        cumprod axis dtype; cumsum axis dtype; diag k; diagflat k; diagonal offset axis1 axis2;
        diff n axis; dsplit indices_or_sections; einsum subscripts; empty_like dtype;
        expand_dims axis; flip axis; full_like dtype; hsplit indices_or_sections;
        isclose equal_nan; isin assume_unique invert; max axis keepdims initial;
        mean axis keepdims; median axis keepdims; meshgrid indexing; min axis keepdims initial;
        moveaxis source destination; nan_to_num nan posinf neginf; nanargmax axis keepdims;
        nanargmin axis keepdims; nancumprod axis dtype; nancumsum axis dtype;
        nanmax axis keepdims; nanmean axis keepdims; nanmedian axis keepdims;
        nanmin axis keepdims; nanpercentile axis method keepdims; nanprod axis keepdims;
        nanquantile axis method keepdims; nanstd axis keepdims; nansum axis keepdims;
        nanvar axis keepdims; ones_like dtype; pad pad_width mode;
        percentile axis method keepdims; prod axis keepdims dtype; ptp axis keepdims;
        quantile axis method keepdims; repeat repeats axis; reshape newshape; roll shift axis;
        rot90 k axes; round decimals; searchsorted side; sort axis;
        split indices_or_sections axis; squeeze axis; stack axis; std axis keepdims;
        sum axis keepdims; swapaxes axis1 axis2; take axis; take_along_axis axis;
        tensordot axes; tile repeats; trace offset axis1 axis2; transpose axes;
        trapezoid x dx axis; tril k; triu k; unravel_index shape; vander N increasing;
        var axis keepdims; view dtype; vsplit indices_or_sections; zeros_like dtype
    """,
}

# classes whose names are not made of the words of a function
_OTHERWISE = {
    "allclose": "AllClose",
    "batch_normalization": "BatchNorm",
    "cdist": "CDist",
    "ctc_loss": "CTCLoss",
    "fft": "FFT",
    "fft2": "FFT2",
    "hsv_to_rgb": "HSVToRGB",
    "ifft2": "IFFT2",
    "irfft": "IRFFT",
    "isin": "IsIn",
    "istft": "ISTFT",
    "layer_normalization": "LayerNorm",
    "psnr": "PSNR",
    "rfft": "RFFT",
    "rgb_to_grayscale": "RGBToGrayscale",
    "rgb_to_hsv": "RGBToHSV",
    "rms_normalization": "RMSNorm",
    "searchsorted": "SearchSorted",
    "ssim": "SSIM",
    "stft": "STFT",
    "svd": "SVD",
}


def _class_of(name: str) -> str:
    return _OTHERWISE.get(name) or "".join(part.capitalize() for part in name.split("_"))


FUNCTIONS: dict[str, KerasFunction] = {
    name: KerasFunction(f"keras.src.ops.{module}", _class_of(name), tuple(settings))
    for module, text in _NAMES.items()
    for name, *settings in (entry.split() for entry in text.split(";"))
}
CLASSES = {entry.class_name: name for name, entry in FUNCTIONS.items()}
