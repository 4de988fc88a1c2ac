
import pytest


@pytest.fixture(autouse=True)
def _needs_highspy(request):
    # OR-tools and highspy cannot be loaded into one process.
    if request.node.originalname in {"test_against_the_whole_program", "test_chips_that_do_not_relay", "test_what_a_result_can_do"}:
        pytest.importorskip("highspy", exc_type=ImportError)
