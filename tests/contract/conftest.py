"""The shared suites speak in plain asserts, so they are rewritten as test files are."""

import pytest

pytest.register_assert_rewrite("tests.contract.adapter_contract", "tests.contract.peer")
