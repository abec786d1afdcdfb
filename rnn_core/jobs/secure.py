"""Certificates for an engine on other machines."""
from __future__ import annotations

from pathlib import Path

from distributed.security import Security

from rnn_core.jobs.errors import EngineError


def security_from(ca: str | None, cert: str | None, key: str | None) -> Security | None:
    """Encryption with certificates on both sides, or None where none of the three files is named."""
    files = (ca, cert, key)
    if not any(files):
        return None
    if not all(files) or not all(Path(name).is_file() for name in files if name):
        raise EngineError("Encryption needs three files: the authority's certificate, a certificate and its key.")
    roles = ("scheduler", "worker", "client")
    named = {f"tls_{role}_{part}": name for role in roles for part, name in (("cert", cert), ("key", key))}
    return Security(require_encryption=True, tls_ca_file=ca, **named)
