"""Helpers of the benchmark scripts: name of the machine, Markdown tables, results kept between runs."""

import json
import os
import platform
import statistics
import time
from datetime import date
from pathlib import Path

import numpy
import scipy
import skimage
import sklearn

import nncolor

# Folder of the tables that the scripts print; pages include them.
RESULTS = Path(__file__).parent / "results"


def machine():
    """One line that names the processor, the versions and the date."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line.split(":")[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line
        ]
        model = names[0] if names else model
    return (
        f"{model}, {os.cpu_count()} cores; Python {platform.python_version()}, numpy {numpy.__version__}, "
        f"scipy {scipy.__version__}, scikit-learn {sklearn.__version__}, scikit-image {skimage.__version__}, "
        f"nncolor {nncolor.__version__}; {date.today().isoformat()}"
    )


def table(header, rows):
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines) + "\n"


def compare(trials, repeats):
    """Median seconds of functions by name, each called once unmeasured and then in turn, round by round."""
    seconds = {name: [] for name in trials}
    for round_ in range(repeats + 1):
        for name, function in trials.items():
            start = time.perf_counter()
            function()
            if round_ > 0:
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}


class Results:
    """Measured values by name, kept in a JSON file so that a stopped run can continue."""

    def __init__(self, path):
        self.path = Path(path)
        self.values = json.loads(self.path.read_text()) if self.path.exists() else {}

    def measure(self, name, function, *args):
        """Value of the name: the one in the file, or function(*args), which is saved at once."""
        if name not in self.values:
            print(f"measuring {name}", flush=True)
            self.values[name] = function(*args)
            temporary = self.path.with_suffix(".part")
            temporary.write_text(json.dumps(self.values, indent=1))
            os.replace(temporary, self.path)
        return self.values[name]
