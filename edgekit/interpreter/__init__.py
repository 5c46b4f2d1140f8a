"""Run `.edge` and `.tflite` models with numpy alone."""

from .interpreter import Interpreter as Interpreter
from .profiling import Profile as Profile
from .profiling import profile as profile
from .verify import Verification as Verification
from .verify import record_test_vectors as record_test_vectors
from .verify import verify as verify

__all__ = [
    "Interpreter",
    "Profile",
    "Verification",
    "profile",
    "record_test_vectors",
    "verify",
]
