"""Run moto on 127.0.0.1, optionally loaded with the recorded estate, and say so in one line of JSON when it is ready.

usage: serve.py [--port N] [--estate] [--drift] [--folder DIR [--until-stdin-closes]]

Port 0 takes a free one. The state that describes the estate is written to DIR/terraform.tfstate. With
--until-stdin-closes the server ends when whoever started it ends, however that came, and removes DIR.
Needs the environment that environment.py makes. The settings are moto_server's defaults: the ids of the recorded estate
depend on them.
"""

import argparse
import http.client
import json
import os
import pathlib
import shutil
import sys
import threading
from collections.abc import Callable, Iterable

import replay
from cbor import Cbor
from moto.moto_api._internal import mock_random
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server
from werkzeug.wrappers import Response


class Rewindable:
    """The application, with two requests more: mark where the generator of ids stands, and go back there."""

    def __init__(self, application: DomainDispatcherApplication) -> None:
        self.application = application
        self.mark = mock_random.getstate()

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == replay.MARK:
            self.mark = mock_random.getstate()
        elif path == replay.REWIND:
            mock_random.setstate(self.mark)
        else:
            return self.application(environ, start_response)
        start_response("204 No Content", [])
        return []


class Documented:
    """The application, with three answers of S3 in the form that its API reference gives them.

    moto names the root of two of them after the operation, which the AWS SDK for Rust refuses, and takes the third
    question for a listing of the bucket. Only finished answers are touched, so the ids come out as recorded.
    """

    ROOTS = {
        "versioning": ("GetBucketVersioningResponse", "VersioningConfiguration"),
        "accelerate": ("GetBucketAccelerateConfigurationResponse", "AccelerateConfiguration"),
    }
    PAYMENT = "<RequestPaymentConfiguration><Payer>BucketOwner</Payer></RequestPaymentConfiguration>"

    def __init__(self, application: Callable) -> None:
        self.application = application

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        question = environ.get("QUERY_STRING", "").split("&")[0].partition("=")[0]
        is_asked = environ["REQUEST_METHOD"] == "GET" and "/s3/aws4_request" in environ.get("HTTP_AUTHORIZATION", "")
        if not is_asked or question not in {*self.ROOTS, "requestPayment"}:
            return self.application(environ, start_response)
        answer = Response.from_app(self.application, environ)
        text = answer.get_data(as_text=True)
        if question in self.ROOTS:
            answer.set_data(text.replace(*self.ROOTS[question]))
        elif "<ListBucketResult" in text:
            answer.set_data(self.PAYMENT)
        return answer(environ, start_response)


def end_with_stdin(folder: pathlib.Path) -> None:
    """Wait until standard input closes, then leave at once: other threads may hang in requests."""
    while sys.stdin.buffer.read(4096):
        pass
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--estate", action="store_true")
    parser.add_argument("--drift", action="store_true")
    parser.add_argument("--folder", type=pathlib.Path)
    parser.add_argument("--until-stdin-closes", action="store_true")
    options = parser.parse_args()
    if options.until_stdin_closes:
        if options.folder is None:
            parser.error("--until-stdin-closes needs --folder")
        threading.Thread(target=end_with_stdin, args=(options.folder,), daemon=True).start()
    application = Cbor(Documented(Rewindable(DomainDispatcherApplication(create_backend_app))))
    try:
        server = make_server(
            "127.0.0.1", options.port, application, threaded=True, request_handler=MotoRequestHandler
        )
    except (OSError, SystemExit) as error:
        print(f"port {options.port} cannot be used: {error}", file=sys.stderr)
        return 1
    os.environ.setdefault("MOTO_PORT", str(server.port))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{server.port}"
    state = None if options.folder is None else options.folder / "terraform.tfstate"
    try:
        replay.load(endpoint, options.estate, options.drift, state)
    except (replay.ReplayError, OSError, http.client.HTTPException) as error:
        print(f"the estate could not be loaded: {error}", file=sys.stderr)
        return 1
    print(json.dumps({"endpoint": endpoint, "pid": os.getpid()}), flush=True)
    # moto prints a line about a service it does not know. Whoever started us reads one line and closes the pipe, and a
    # print into a closed pipe leaves the request without any answer.
    sys.stdout = sys.stderr
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
