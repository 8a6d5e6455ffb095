"""What may stand at the ends of accepted results: numbers and texts that are bounded, so that whoever reads them can rely on it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

Count = Annotated[int, Meta(ge=0)]
Real = Annotated[float, Meta(ge=-1e30, le=1e30)]
"""A number that float32 can hold as well, and that can be squared."""
Share = Annotated[float, Meta(ge=0, le=1)]
Seconds = Annotated[float, Meta(ge=0, le=1e9)]
Text = Annotated[str, Meta(max_length=10_000, pattern=r"^[^\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]*\Z")]
"""What a page can hold: no control characters, and nothing that has no UTF-8."""
Seed = Annotated[str, Meta(pattern=r"^(0|[1-9][0-9]{0,14})\Z")]
Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
