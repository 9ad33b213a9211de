"""Concealment beside libspandsp's on the same speech and the same losses: no further from what was said, by either measure."""

import pytest

from benchmarks.concealment import Spandsp, compare
from pbx.voice import conceal
from tests.interop.spandsp import needs_spandsp


@needs_spandsp
@pytest.mark.parametrize("together", [1, 2, 4])
@pytest.mark.parametrize("percent", [1, 3, 10])
def test_no_further_from_speech_than_libspandsp(percent, together):
    (apart, ratio), (their_apart, their_ratio) = compare(percent / 100, together, 5, [conceal, Spandsp().conceal])
    assert apart < their_apart
    assert ratio > their_ratio
