"""What the programs are made of, as a document of CycloneDX for scanners: crates, and the libraries linked in.

It is what `staticctl parts` says of `staticctl`, which is every driver: the other programs are of the same parts."""

import hashlib
import json
import os
import subprocess
from pathlib import Path

from command import ReleaseError
from inputs import Release


def programs(release: Release, into: Path) -> Path:
    document = parts(release)
    component = document["metadata"]["component"]
    component |= {"name": "staticcxx", "version": release.version}
    component |= {"licenses": [{"expression": release.about["license"]}]}
    # The digest is one program's, and there are several.
    del component["hashes"]
    component["components"] = [
        {
            "type": "application",
            "bom-ref": f"program-{name}",
            "name": name,
            "version": release.version,
            "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(program.read_bytes()).hexdigest()}],
        }
        for name, program in sorted(release.programs.items())
    ]
    file = into / f"staticcxx-{release.version}.cdx.json"
    file.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n")
    return file


def parts(release: Release) -> dict:
    program = release.programs["staticctl"]
    command = [*release.staticctl, "parts", program, "--format", "cyclonedx"]
    env = os.environ | {"SOURCE_DATE_EPOCH": str(release.time)}
    said = subprocess.run(command, env=env, capture_output=True, text=True)
    if said.returncode != 0:
        lines = said.stderr.splitlines() or [f"status {said.returncode}"]
        raise ReleaseError(f"the parts of `{program}` are not known: {lines[0]}")
    return json.loads(said.stdout)
