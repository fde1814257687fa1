"""Share of the public names whose type is known to pyright; fails below the least share.

    python .ci/check_types.py

in an environment with nncolor, not editable, and pyright.
"""

import json
import subprocess
import sys
from pathlib import Path

LEAST = 0.95


def main():
    command = [Path(sys.executable).with_name("pyright"), "--pythonpath", sys.executable]
    command += ["--verifytypes", "nncolor", "--ignoreexternal", "--outputjson"]
    # not from the repository, whose folder would be taken for the package
    printed = subprocess.run(command, stdout=subprocess.PIPE, cwd=Path(sys.executable).parent, check=False)
    report = json.loads(printed.stdout)["typeCompleteness"]
    for symbol in report["symbols"]:
        if symbol["isExported"] and not symbol["isTypeKnown"]:
            print(symbol["name"], *(found["message"] for found in symbol["diagnostics"]), sep="\n  ")
    known = report["completenessScore"]
    print(f"{known:.1%} of the public names have a known type")
    return known < LEAST


if __name__ == "__main__":
    sys.exit(main())
