"""Asks label-studio-sdk what it thinks of tasks; runs in the environment that holds it, alone.

One JSON object comes in (`interface`, `tasks`), a list goes out: for each task whether it fits the
interface, and the faults of each prediction and annotation.
"""

from __future__ import annotations

import json
import sys

from label_studio_sdk.label_interface import LabelInterface

asked = json.load(sys.stdin)
interface = LabelInterface(asked["interface"])
interface.validate()
found = [
    {
        # With predictions or annotations in it, validate_task calls itself wrongly (2.1).
        "task_fits": interface.validate_task({"data": task["data"]}),
        "predictions": [interface.validate_prediction(p, True) for p in task["predictions"]],
        "annotation_fits": [interface.validate_annotation(a) for a in task["annotations"]],
        "annotations": [interface.validate_prediction(a, True) for a in task["annotations"]],
    }
    for task in asked["tasks"]
]
print(json.dumps(found))
