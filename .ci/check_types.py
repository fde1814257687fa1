"""Share of the public names whose type is known to pyright; fails below the least share.

    python .ci/check_types.py

in an environment with nncolor, not editable, and pyright.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

LEAST = 0.95


def main():
    folder = Path(sys.executable).parent
    command = [folder / "pyright", "--verifytypes", "nncolor", "--ignoreexternal", "--outputjson"]
    # pyright looks for nncolor beside the first python of PATH; it does not run in the repository, whose
    # folder would be taken for the package
    path = os.pathsep.join([str(folder), os.environ.get("PATH", "")])
    printed = subprocess.run(
        command, stdout=subprocess.PIPE, cwd=folder, env={**os.environ, "PATH": path}, check=False
    )
    report = json.loads(printed.stdout)["typeCompleteness"]
    for symbol in report["symbols"]:
        if symbol["isExported"] and not symbol["isTypeKnown"]:
            print(symbol["name"], *(found["message"] for found in symbol["diagnostics"]), sep="\n  ")
    known = report["completenessScore"]
    print(f"{known:.1%} of the public names have a known type")
    return known < LEAST


if __name__ == "__main__":
    sys.exit(main())
