"""Bring front-end files from npm packages into the tree, and prove that they are what the lock names.

``vendor.json`` beside the files is the lock: packages with exact versions, the integrity of each package as
npm publishes it, and which file of the package becomes which file of ours. Three ways to run it:

``python tools/vendor_assets.py``
    Fetch each package with npm, refuse one whose integrity differs, and write the files.
``python tools/vendor_assets.py --check``
    Offline: every file is as locked, none is missing or unknown, and NOTICE names every package.
``python tools/vendor_assets.py --relock``
    After editing a version or a file list in the lock: fetch, write the files and record what came.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path, PurePosixPath
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "services/web/src/gas_web/assets/vendor"
LOCK = VENDOR / "vendor.json"
NOTICE = ROOT / "NOTICE"
NPM_TIMEOUT_SECONDS = 120
SVG = "http://www.w3.org/2000/svg"

Package = dict[str, Any]


class VendorError(Exception):
    """Something differs from the lock; the message says what to do."""


def integrity(content: bytes) -> str:
    """The digest in the form that npm and browsers write it."""
    return "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()


def wanted_name(package: Package) -> str:
    return f"{package['package']}@{package['version']}"


def fetch(package: Package, into: Path) -> bytes:
    """Ask npm for exactly one version of a package and return its archive."""
    wanted = wanted_name(package)
    try:
        done = subprocess.run(
            ["npm", "pack", wanted, "--silent", "--pack-destination", str(into)],
            capture_output=True,
            text=True,
            check=True,
            timeout=NPM_TIMEOUT_SECONDS,
        )
    except FileNotFoundError as error:
        raise VendorError("npm is not on the PATH: install Node.js, then run this again.") from error
    except subprocess.CalledProcessError as error:
        raise VendorError(f"npm could not fetch {wanted}: {error.stderr}") from error
    except subprocess.TimeoutExpired as error:
        raise VendorError(f"npm took over {NPM_TIMEOUT_SECONDS} s for {wanted}: try again later.") from error
    return (into / done.stdout.split()[-1]).read_bytes()


def unpack(archive: Path) -> dict[str, bytes]:
    """Every regular file of an npm archive, by its path inside the package."""
    files = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            content = tar.extractfile(member)
            if content is not None:
                files[PurePosixPath(*PurePosixPath(member.name).parts[1:]).as_posix()] = content.read()
    return files


def make_sprite(files: dict[str, bytes], icons: list[str]) -> bytes:
    """One SVG with a ``<symbol>`` for each icon: a page asks for one file and names icons by fragment."""
    ET.register_namespace("", SVG)
    sprite = ET.Element(f"{{{SVG}}}svg")
    for name in sorted(icons):
        # Trusted input: the package's integrity was checked before.
        icon = ET.fromstring(files[f"icons/{name}.svg"])  # noqa: S314
        symbol = ET.SubElement(sprite, f"{{{SVG}}}symbol", {"id": name, "viewBox": icon.attrib["viewBox"]})
        symbol.extend(icon)
    return ET.tostring(sprite, encoding="unicode").encode() + b"\n"


def wanted_files(package: Package, files: dict[str, bytes]) -> dict[str, bytes]:
    """What goes into the tree, by its path below the vendor folder."""
    wanted = {target: files[source] for source, target in package["files"].items()}
    if "sprite" in package:
        wanted[package["sprite"]["file"]] = make_sprite(files, package["sprite"]["icons"])
    return wanted


def vendor(lock: Package, *, relock: bool) -> None:
    """Fetch, verify and write every package; with ``relock`` the lock follows what npm gave."""
    locked: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "package.tgz"
        for package in lock["packages"]:
            content = fetch(package, Path(folder))
            if relock:
                package["integrity"] = integrity(content)
            elif integrity(content) != package["integrity"]:
                raise VendorError(
                    f"{wanted_name(package)} is not what the lock names: find out why before using --relock."
                )
            archive.write_bytes(content)
            for target, data in wanted_files(package, unpack(archive)).items():
                path = VENDOR / target
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
                locked[target] = integrity(data)
    if relock:
        lock["tree"] = dict(sorted(locked.items()))
        LOCK.write_text(json.dumps(lock, indent=2) + "\n")


def differences(lock: Package) -> list[str]:
    """Sentences about everything in the tree that is not as the lock says; empty when all is well."""
    present = {
        path.relative_to(VENDOR).as_posix(): integrity(path.read_bytes())
        for path in VENDOR.rglob("*")
        if path.is_file() and path != LOCK
    }
    tree: dict[str, str] = lock["tree"]
    notice = NOTICE.read_text()
    return [
        *(f"{name} is missing: run tools/vendor_assets.py." for name in tree.keys() - present.keys()),
        *(f"{name} is not in vendor.json: delete it or list it." for name in present.keys() - tree.keys()),
        *(
            f"{name} was changed: run tools/vendor_assets.py to get the locked one back."
            for name in tree.keys() & present.keys()
            if tree[name] != present[name]
        ),
        *(
            f"NOTICE does not name {package['package']} {package['version']} ({package['licence']})."
            for package in lock["packages"]
            if f"{package['package']} {package['version']} ({package['licence']})" not in notice
        ),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="verify the tree against the lock, offline")
    mode.add_argument("--relock", action="store_true", help="record what npm gives for the locked versions")
    options = parser.parse_args()
    lock: Package = json.loads(LOCK.read_text())
    try:
        if not options.check:
            vendor(lock, relock=options.relock)
    except VendorError as error:
        print(error, file=sys.stderr)
        return 1
    problems = differences(lock)
    for problem in sorted(problems):
        print(problem, file=sys.stderr)
    if not problems:
        print(f"{len(lock['tree'])} vendored files are as locked.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
