"""Pictures of the knowledge map: Mermaid for documents, SVG to look at."""

from interviewer.atlas.mermaid import as_mermaid
from interviewer.atlas.svg import as_svg

__all__ = ["as_mermaid", "as_svg"]
