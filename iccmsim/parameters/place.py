"""Where the model plays: a made-up district, or a real one read from files of villages and facilities."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

KINDS = ("synthetic", "files")
Whole = Annotated[int, Field(strict=True)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Text = Annotated[str, Field(strict=True, min_length=1)]


class _Place(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SyntheticPlace(_Place):
    """A district that does not exist: the numbers from which its map is drawn, again for each seed."""

    kind: Literal["synthetic"] = "synthetic"
    name: Text = Field("a made-up district", description="What the place is called in tables and figures.")
    zones: Whole = Field(8, ge=1, le=10000, description="First-level facilities, each with villages.")
    people: Whole = Field(60000, ge=1, le=1_000_000_000, description="People of all ages as the warm-up begins.")
    villages_per_zone: Whole = Field(11, ge=1, le=1000, description="Villages of a zone.")
    village_sigma: Number = Field(.9, ge=0, le=3, description="How unequal villages are: sd of ln(people).")
    radius_km: Number = Field(14.0, ge=.5, le=50, description="Radius of a circle as large as a zone.")
    scatter: Number = Field(.12, ge=0, le=.25, description="Jitter of places, as a share of their spacing.")
    crowding: Number = Field(.6, ge=.1, le=3, description=".5 spreads villages evenly, more draws them in.")


class FilesPlace(_Place):
    """A real place: the files that list its villages and its facilities."""

    kind: Literal["files"] = "files"
    name: Text = Field("a place from files", description="What the place is called in tables and figures.")
    villages: Text = Field("villages.csv", description="File of villages: id or name, position, people.")
    facilities: Text = Field("facilities.csv", description="File of facilities: id or name, position, type.")
    census: Text | None = Field(None, description="File of people by area, if the list of villages has none.")
    growth: Number = Field(1.0, ge=.1, le=10, description="People as the warm-up begins, for each one counted.")
    case: Text | None = Field(None, description="Sub-folder of the data folder that holds the files.")

    def files(self) -> tuple[str, ...]:
        """The files that must be in its folder."""
        return (self.villages, self.facilities, *([self.census] if self.census else []))

    def inside(self) -> tuple[str, ...]:
        """The folders of a data folder that may hold the files: `case`, and its last part, the district's own name."""
        named = self.case or ""
        return tuple(dict.fromkeys(name for name in (named, PurePosixPath(named).name) if name not in ("", "..")))


Place = SyntheticPlace | FilesPlace
MODELS: dict[str, type[_Place]] = {"synthetic": SyntheticPlace, "files": FilesPlace}


def place_schema() -> dict:
    """The JSON schema of a place."""
    schemas = []
    for model in MODELS.values():
        schema = model.model_json_schema()
        schema.pop("title", None)
        for each in schema["properties"].values():
            each.pop("title", None)
        schemas.append(schema)
    return {"anyOf": schemas}
