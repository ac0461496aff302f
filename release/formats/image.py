"""An image in which nothing but the packed toolchain is: the pack itself is its layer, as it is.

The archive is an OCI layout: `podman load`, `skopeo copy oci-archive:FILE …` and a docker with containerd's images read it."""

import hashlib
import json
import time
from pathlib import Path

from archives import PackedFile, gzip_of, tar_of
from inputs import Release

LAYER = "application/vnd.oci.image.layer.v1.tar"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"

ENVIRONMENT = {"PATH": "/bin", "CC": "gcc", "CXX": "g++", "AR": "ar", "NM": "nm", "RANLIB": "ranlib", "STRIP": "strip"}


def builder(release: Release, into: Path) -> Path:
    blobs = Blobs()
    pack = release.pack
    directories = tar_of([], release.time, {"tmp": 0o1777, "src": 0o755})
    layers = [
        blobs.add(pack.file.read_bytes(), f"{LAYER}+zstd"),
        blobs.add(gzip_of(directories), f"{LAYER}+gzip"),
    ]
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(release.time))
    config = blobs.json(
        {
            "architecture": release.machine.oci,
            "os": "linux",
            "created": created,
            "config": {
                "Env": [f"{name}={value}" for name, value in ENVIRONMENT.items()],
                "Cmd": ["staticctl", "doctor"],
                "WorkingDir": "/src",
                "Labels": labels(release),
            },
            "rootfs": {
                "type": "layers",
                "diff_ids": [f"sha256:{pack.tar_digest}", f"sha256:{hashlib.sha256(directories).hexdigest()}"],
            },
            "history": [{"created": created, "created_by": text} for text in ("staticctl toolchain pack", "/tmp, /src")],
        },
        CONFIG,
    )
    annotations = labels(release) | {"org.opencontainers.image.created": created}
    manifest = blobs.json(
        {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers, "annotations": annotations},
        MANIFEST,
    )
    name = {"org.opencontainers.image.ref.name": f"staticcxx-builder:{release.version}"}
    platform = {"architecture": release.machine.oci, "os": "linux"}
    index = {"schemaVersion": 2, "manifests": [manifest | {"platform": platform, "annotations": name}]}
    files = blobs.files | {"index.json": as_json(index), "oci-layout": as_json({"imageLayoutVersion": "1.0.0"})}
    archive = into / f"staticcxx-builder-{release.version}-{release.machine.oci}.oci.tar"
    placed = [PackedFile(place, data) for place, data in files.items()]
    archive.write_bytes(tar_of(placed, release.time, {"blobs": 0o755, "blobs/sha256": 0o755}))
    return archive


class Blobs:
    """Blobs of a layout, by their places in it."""

    def __init__(self):
        self.files = {}

    def add(self, data: bytes, media_type: str) -> dict:
        """Gives its descriptor."""
        digest = hashlib.sha256(data).hexdigest()
        self.files[f"blobs/sha256/{digest}"] = data
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data)}

    def json(self, document: dict, media_type: str) -> dict:
        return self.add(as_json(document), media_type)


def as_json(document: dict) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def labels(release: Release) -> dict:
    return {
        "org.opencontainers.image.title": "staticcxx-builder",
        "org.opencontainers.image.description": f"{release.pack.manifest['compiler']} with musl for static programs",
        "org.opencontainers.image.version": release.version,
    }
