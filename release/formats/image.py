"""Images: one in which nothing but the packed toolchain is, of which the pack itself is a layer, as it is, and one with the
programs alone.

An archive is an OCI layout: `podman load`, `skopeo copy oci-archive:FILE …` and a docker with containerd's images read it."""

import hashlib
import json
import time
from pathlib import Path
from typing import NamedTuple

from archives import PackedFile, gzip_of, tar_of
from inputs import Release
from tree import programs as tree_of_programs

LAYER = "application/vnd.oci.image.layer.v1.tar"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"

ENVIRONMENT = {"PATH": "/bin", "CC": "gcc", "CXX": "g++", "AR": "ar", "NM": "nm", "RANLIB": "ranlib", "STRIP": "strip"}


def builder(release: Release, into: Path) -> Path:
    blobs = Blobs()
    pack = release.pack
    directories = tar_of([], release.time, {"tmp": 0o1777, "src": 0o755})
    layers = [
        Layer(blobs.add(pack.file.read_bytes(), f"{LAYER}+zstd"), pack.tar_digest, "staticctl toolchain pack"),
        gzipped(blobs, directories, "/tmp, /src"),
    ]
    config = {
        "Env": [f"{name}={value}" for name, value in ENVIRONMENT.items()],
        "Cmd": ["staticctl", "doctor"],
        "WorkingDir": "/src",
    }
    about = f"{pack.manifest['compiler']} with musl for static programs"
    return write(release, into, "staticcxx-builder", about, blobs, layers, config)


def programs(release: Release, into: Path) -> Path:
    """To copy from: `staticctl image` has each program below the root, and where builds look for it it would be there twice."""
    blobs = Blobs()
    tree = tree_of_programs(release).below("usr/local")
    layer = tar_of(tree.files, release.time, dict.fromkeys(tree.directories, 0o755), tree.links)
    config = {"Env": ["PATH=/usr/local/bin"], "Entrypoint": ["staticctl"], "Cmd": ["--help"]}
    about = release.about["description"]
    return write(release, into, "staticcxx", about, blobs, [gzipped(blobs, layer, "release/build")], config)


def gzipped(blobs: "Blobs", tar: bytes, history: str) -> "Layer":
    return Layer(blobs.add(gzip_of(tar), f"{LAYER}+gzip"), hashlib.sha256(tar).hexdigest(), history)


def write(
    release: Release, into: Path, name: str, about: str, blobs: "Blobs", layers: list["Layer"], config: dict
) -> Path:
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(release.time))
    platform = {"architecture": release.machine.oci, "os": "linux"}
    labels = {
        "org.opencontainers.image.title": name,
        "org.opencontainers.image.description": about,
        "org.opencontainers.image.version": release.version,
    }
    document = platform | {
        "created": created,
        "config": config | {"Labels": labels},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer.tar_digest}" for layer in layers]},
        "history": [{"created": created, "created_by": layer.history} for layer in layers],
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": blobs.json(document, CONFIG),
        "layers": [layer.blob for layer in layers],
        "annotations": labels | {"org.opencontainers.image.created": created},
    }
    described = blobs.json(manifest, MANIFEST)
    tag = {"org.opencontainers.image.ref.name": f"{name}:{release.version}"}
    index = {"schemaVersion": 2, "manifests": [described | {"platform": platform, "annotations": tag}]}
    files = blobs.files | {"index.json": as_json(index), "oci-layout": as_json({"imageLayoutVersion": "1.0.0"})}
    archive = into / f"{name}-{release.version}-{release.machine.oci}.oci.tar"
    placed = [PackedFile(place, data) for place, data in files.items()]
    archive.write_bytes(tar_of(placed, release.time, {"blobs": 0o755, "blobs/sha256": 0o755}))
    return archive


class Layer(NamedTuple):
    # Its descriptor.
    blob: dict
    # Without its compression.
    tar_digest: str
    # What made it.
    history: str


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
