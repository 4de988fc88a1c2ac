"""The hardware catalogue: published figures of chips, links, racks and networks.

``pinchpoint.hardware`` is the catalogue; builders read the same figures. What no source states is
not here: a builder that needs such a value defaults it and says ``assumed``.
"""

from pinchpoint.catalogue.entry import Entry
from pinchpoint.catalogue.figure import Direction, Figure, Status, assumed
from pinchpoint.catalogue.reader import Hardware, hardware

__all__ = ["Direction", "Entry", "Figure", "Hardware", "Status", "assumed", "hardware"]
