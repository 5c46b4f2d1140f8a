"""What cupy shares with numpy by name, of which the stand-in offers no more than this.

`test_names_of_cupy.py` looks every name up in cupy itself, where it is installed.
"""

from __future__ import annotations

__all__ = [
    "BOOLEAN",
    "CONSTANTS",
    "FUNCTIONS",
    "JOINING",
    "LIBRARY",
    "METHODS",
    "SORTING",
    "SYNCHRONIZING",
]


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


FUNCTIONS = _names(
    """
    abs absolute acos acosh add all allclose amax amin angle any append arange arccos arccosh
    arcsin arcsinh arctan arctan2 arctanh argmax argmin argpartition argsort argwhere around
    array_equal array_equiv array_split asfortranarray asin asinh astype atan atan2 atanh
    atleast_1d atleast_2d atleast_3d average bincount bitwise_and bitwise_count bitwise_invert
    bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift bitwise_xor broadcast_arrays
    broadcast_shapes broadcast_to can_cast cbrt ceil choose clip column_stack common_type compress
    concat concatenate conj conjugate convolve copy copysign copyto correlate cos cosh
    count_nonzero cross cumprod cumsum deg2rad degrees diag diagflat diagonal diff digitize divide
    divmod dot dsplit dstack einsum equal exp exp2 expand_dims expm1 extract eye fabs fill_diagonal
    flatnonzero flip fliplr flipud float_power floor floor_divide fmax fmin fmod frexp full
    full_like gcd gradient greater greater_equal heaviside histogram hsplit hstack hypot i0
    identity imag indices inner interp invert isclose iscomplexobj isfinite isin isinf isnan
    isneginf isposinf isrealobj isscalar issubdtype ix_ kron lcm ldexp left_shift less less_equal
    lexsort linspace log log10 log1p log2 logaddexp logaddexp2 logical_and logical_not logical_or
    logical_xor logspace matmul matrix_transpose max maximum may_share_memory mean median meshgrid
    min minimum mod modf moveaxis multiply nan_to_num nanargmax nanargmin nanmax nanmean nanmedian
    nanmin nanprod nanstd nansum nanvar ndim negative nextafter nonzero not_equal ones ones_like
    outer packbits pad partition percentile permute_dims place positive pow power prod
    promote_types ptp put put_along_axis putmask quantile rad2deg radians ravel real reciprocal
    remainder repeat reshape resize result_type right_shift rint roll rollaxis rot90 round
    searchsorted select shape shares_memory sign signbit sin sinc sinh size sort split sqrt square
    squeeze stack std subtract sum swapaxes take take_along_axis tan tanh tensordot tile trace
    transpose tri tril tril_indices triu triu_indices true_divide trunc unique unpackbits
    unravel_index var vdot vsplit vstack where zeros zeros_like
    """
)
"""Functions that take device arrays and give device arrays."""

CONSTANTS = _names(
    """
    bool bool_ byte complex128 complex64 complexfloating double dtype e euler_gamma finfo float16
    float32 float64 floating generic half iinfo inexact inf int16 int32 int64 int8 int_ intc
    integer intp long longlong nan newaxis number pi short signedinteger single ubyte uint uint16
    uint32 uint64 uint8 uintc uintp ulong ulonglong unsignedinteger ushort
    """
)
"""Types and numbers, which are numpy's own."""

METHODS = _names(
    """
    all any argmax argmin argpartition argsort astype choose clip compress conj conjugate cumprod
    cumsum diagonal dot fill flatten max mean min nonzero partition prod put ravel repeat reshape
    round searchsorted sort squeeze std sum swapaxes take trace transpose var view
    """
)
"""Methods of an array that are done as numpy does them."""

BOOLEAN = frozenset(("allclose", "array_equal", "array_equiv"))
"""Functions that give a plain bool in numpy, and an array in cupy."""

SYNCHRONIZING = _names(
    """
    argwhere bincount compress digitize extract flatnonzero histogram nonzero place unique
    """
)
"""Functions that wait for the device, for the shape of what they give depends on values."""

LIBRARY = _names(
    """
    convolve correlate dot einsum inner kron matmul tensordot vdot
    """
)
"""Functions that call cuBLAS, which cupy refuses while a stream captures."""

SORTING = _names(
    """
    argpartition argsort lexsort median nanmedian partition percentile quantile sort
    """
)
"""Functions that sort by Thrust, which waits for the stream."""

JOINING = _names(
    """
    column_stack concat concatenate dstack hstack stack vstack
    """
)
"""Functions that send the addresses of more than eight small arrays to the device."""
