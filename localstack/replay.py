"""Replay recorded requests against a running emulator, so that it holds the recorded estate with the recorded ids.

usage: replay.py ENDPOINT [--backend] [--estate] [--drift] [--state-out FILE]

--backend     only make Terraform's backend: the bucket acme-tfstate and the table acme-tflock
--estate      seed the id generator and replay the estate (the emulator must be fresh), then put the state into the
              bucket acme-tfstate with its digest in the lock table
--drift       replay what was changed behind Terraform's back (after --estate)
--state-out   write the state that describes the estate at this endpoint

Two queue ids are URLs that hold the emulator's address. The recording was made at 127.0.0.1:5603; the state is adapted
to the given endpoint, and is the recorded one byte for byte where the endpoint is that one.
"""

import argparse
import base64
import gzip
import hashlib
import http.client
import itertools
import json
import pathlib
import sys
import urllib.parse
from collections.abc import Iterator

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "tests" / "fixtures" / "estate"
RECORDED_AT = "127.0.0.1:5603"
# The seed of the recording: the same requests give the same ids.
SEED = 42
# How many requests the recordings hold; another number means a broken file.
REQUESTS = {"estate": 1017, "drift": 22}
# The recording of the estate begins with the four requests that make Terraform's backend.
BACKEND_REQUESTS = 4
BUCKET = "acme-tfstate"
KEY = "platform/prod/terraform.tfstate"
LOCK_TABLE = "acme-tflock"
STATE_REGION = "us-west-2"
# Whatever is asked between estate and drift draws random numbers as well. serve.py can mark where the generator stood
# and go back there, so that the drift gets its recorded ids; on a plain moto_server these two requests do nothing.
MARK = "/stateward/random/mark"
REWIND = "/stateward/random/rewind"
# Set by the connection itself.
HOP_HEADERS = ("transfer-encoding", "content-length", "accept-encoding", "connection")


class ReplayError(Exception):
    """The emulator did not answer as recorded."""


class Emulator:
    """One connection, kept open, in order: the order decides the ids."""

    def __init__(self, endpoint: str) -> None:
        url = urllib.parse.urlsplit(endpoint)
        if url.scheme != "http" or url.hostname is None or url.port is None:
            raise ReplayError(f"not an endpoint of an emulator: {endpoint}")
        self.address = f"{url.hostname}:{url.port}"
        self.connection = http.client.HTTPConnection(url.hostname, url.port, timeout=120)

    def send(self, method: str, target: str, body: bytes = b"", headers: dict[str, str] | None = None) -> int:
        """Send one request and give the status of its answer."""
        self.connection.request(method, target, body, headers or {})
        answer = self.connection.getresponse()
        answer.read()
        return answer.status

    def must(self, method: str, target: str, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        """Send one request that has to succeed."""
        status = self.send(method, target, body, headers)
        if status >= 300:
            raise ReplayError(f"{method} {target} answered {status}")


def recorded(name: str) -> Iterator[dict]:
    """The requests of a recording, one at a time."""
    with gzip.open(FIXTURES / f"{name}.recording.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def replay(emulator: Emulator, name: str, wanted: int) -> None:
    """Replay the first `wanted` requests of a recording; a server error, or too few requests, is a failure."""
    count = 0
    for request in itertools.islice(recorded(name), wanted):
        url = urllib.parse.urlsplit(request["url"])
        target = url.path + ("?" + url.query if url.query else "")
        body = request.get("body") or ""
        data = base64.b64decode(body) if request.get("body_encoded") else body.encode()
        headers = {k: v for k, v in request["headers"].items() if k.lower() not in HOP_HEADERS}
        status = emulator.send(request["method"], target, data, headers)
        count += 1
        if status >= 500:
            operation = headers.get("X-Amz-Target", "")
            raise ReplayError(f"request {count} of {name}: {request['method']} {target} {operation} answered {status}")
    if count != wanted:
        raise ReplayError(f"the recording {name} holds {count} requests instead of {wanted}")


def adapted_state(emulator: Emulator) -> bytes:
    """The recorded state with the queue ids of this endpoint."""
    state = (FIXTURES / "terraform.tfstate").read_bytes()
    return state.replace(f"http://{RECORDED_AT}/".encode(), f"http://{emulator.address}/".encode())


def signed_as(service: str, more: dict[str, str]) -> dict[str, str]:
    """Headers with a credential scope, by which the emulator knows service and region; it checks no signature."""
    scope = f"test/20260101/{STATE_REGION}/{service}/aws4_request"
    authorization = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"
    return {"Authorization": authorization, **more}


def store_state(emulator: Emulator, state: bytes) -> None:
    """Put the state into its bucket, and its digest into the lock table, as Terraform's S3 backend does."""
    headers = signed_as("s3", {"Content-Type": "application/json"})
    emulator.must("PUT", f"/{BUCKET}/{KEY}", state, headers)
    item = {"LockID": {"S": f"{BUCKET}/{KEY}-md5"}, "Digest": {"S": hashlib.md5(state).hexdigest()}}
    body = json.dumps({"TableName": LOCK_TABLE, "Item": item}).encode()
    target = {"X-Amz-Target": "DynamoDB_20120810.PutItem", "Content-Type": "application/x-amz-json-1.0"}
    emulator.must("POST", "/", body, signed_as("dynamodb", target))


def load(endpoint: str, estate: bool, drift: bool, state_out: pathlib.Path | None) -> None:
    """Bring an emulator into the wanted condition."""
    emulator = Emulator(endpoint)
    if estate:
        emulator.must("POST", f"/moto-api/seed?a={SEED}")
        replay(emulator, "estate", REQUESTS["estate"])
        emulator.send("POST", MARK)
        store_state(emulator, adapted_state(emulator))
    if drift:
        emulator.send("POST", REWIND)
        replay(emulator, "drift", REQUESTS["drift"])
    if state_out is not None:
        state_out.parent.mkdir(parents=True, exist_ok=True)
        state_out.write_bytes(adapted_state(emulator))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("endpoint")
    parser.add_argument("--backend", action="store_true")
    parser.add_argument("--estate", action="store_true")
    parser.add_argument("--drift", action="store_true")
    parser.add_argument("--state-out", type=pathlib.Path)
    options = parser.parse_args()
    try:
        if options.backend:
            replay(Emulator(options.endpoint), "estate", BACKEND_REQUESTS)
        load(options.endpoint, options.estate, options.drift, options.state_out)
    except (ReplayError, OSError, http.client.HTTPException) as error:
        print(f"replay failed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
