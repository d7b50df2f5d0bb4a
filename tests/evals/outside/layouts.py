"""Writes invented rows in the layouts of publishers: csv, xlsx and JSON lines."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import openpyxl

from llm_extract.evals.outside import Entry, LeftOut, OutsideItem

Row = Mapping[str, object]

GTD = (
    *"eventid iyear imonth iday approxdate extended resolution country country_txt region".split(),
    *"region_txt provstate city latitude longitude specificity vicinity location summary".split(),
    *"crit1 crit2 crit3 doubtterr alternative alternative_txt multiple success suicide".split(),
    *"attacktype1 attacktype1_txt targtype1 targtype1_txt corp1 target1 natlty1".split(),
    *"natlty1_txt gname gsubname motive guncertain1 individual nperps nperpcap claimed".split(),
    *"weaptype1 weaptype1_txt weapdetail nkill nkillus nkillter nwound nwoundus nwoundte".split(),
    *"property propextent ishostkid addnotes scite1 dbsource INT_LOG INT_ANY related".split(),
)
ACLED = (
    *"event_id_cnty event_date year time_precision disorder_type event_type sub_event_type".split(),
    *"actor1 assoc_actor_1 inter1 actor2 assoc_actor_2 inter2 interaction".split(),
    *"civilian_targeting iso region country admin1 admin2 admin3 location latitude".split(),
    *"longitude geo_precision source source_scale notes fatalities tags timestamp".split(),
)
UCDP = (
    *"id relid year active_year code_status type_of_violence conflict_dset_id".split(),
    *"conflict_new_id conflict_name dyad_dset_id dyad_new_id dyad_name side_a_dset_id".split(),
    *"side_a_new_id side_a side_b_dset_id side_b_new_id side_b number_of_sources".split(),
    *"source_article source_office source_date source_headline source_original where_prec".split(),
    *"where_coordinates where_description adm_1 adm_2 latitude longitude geom_wkt".split(),
    *"priogrid_gid country country_id region event_clarity date_prec date_start date_end".split(),
    *"deaths_a deaths_b deaths_civilians deaths_unknown best high low gwnoa gwnob".split(),
)


def json_lines(path: Path, *rows: object) -> Path:
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text("".join(lines), encoding="utf-8")
    return path


def csv_table(
    path: Path,
    columns: Sequence[str],
    *rows: Row,
    encoding: str = "utf-8",
    delimiter: str = ",",
) -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(columns)
        writer.writerows([row.get(name, "") for name in columns] for row in rows)
    return path


def xlsx_table(path: Path, columns: Sequence[str], *rows: Row) -> Path:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(list(columns))
    for row in rows:
        sheet.append([row.get(name) for name in columns])
    book.save(path)
    return path


def the_item(entries: Sequence[Entry]) -> OutsideItem:
    (entry,) = entries
    assert isinstance(entry, OutsideItem), entry
    return entry


def the_fault(entries: Sequence[Entry]) -> LeftOut:
    (entry,) = entries
    assert isinstance(entry, LeftOut) and entry.broken, entry
    return entry
