"""CloudWatch in the protocol that newer SDKs speak (Smithy RPC v2 in CBOR), for an emulator that knows the older one.

The AWS SDK for Rust has no other protocol for CloudWatch. Requests become those of the Query protocol, and answers are
written in CBOR by botocore's model of the service, so nothing is left out and nothing is made up.
"""

import io
from collections.abc import Callable, Iterable
from urllib.parse import urlencode

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from werkzeug.wrappers import Request, Response

PATH = "/service/GraniteServiceVersion20100801/operation/"
PROTOCOL = "smithy-rpc-v2-cbor"


class Cbor:
    """The application, with CloudWatch's newer protocol."""

    def __init__(self, application: Callable) -> None:
        self.application = application
        self.model = ServiceModel(Loader().load_service_model("cloudwatch", "service-2"), "cloudwatch")
        self.reader = create_parser(PROTOCOL)
        self.writer = create_serializer(PROTOCOL, include_validation=False)

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        name = environ.get("PATH_INFO", "").removeprefix(PATH)
        if name not in self.model.operation_names:
            return self.application(environ, start_response)
        operation = self.model.operation_model(name)
        answer = Response.from_app(self.application, self.in_query(Request(environ), operation))
        return self.in_cbor(answer, operation)(environ, start_response)

    def in_query(self, request: Request, operation: OperationModel) -> dict:
        """The same request in the Query protocol."""
        asked = self.reader.parse_data_item(self.reader.get_peekable_stream_from_bytes(request.get_data()))
        query = create_serializer("query", include_validation=False).serialize_to_request(asked, operation)
        body = urlencode(query["body"]).encode()
        return {
            **request.environ,
            "PATH_INFO": "/",
            "RAW_URI": "/",
            "REQUEST_URI": "/",
            "CONTENT_TYPE": "application/x-www-form-urlencoded; charset=utf-8",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }

    def in_cbor(self, answer: Response, operation: OperationModel) -> Response:
        """The same answer in CBOR."""
        plain = {"status_code": answer.status_code, "headers": dict(answer.headers), "body": answer.get_data()}
        said = create_parser("query").parse(plain, operation.output_shape)
        said.pop("ResponseMetadata", None)
        body = bytearray()
        if answer.status_code < 300:
            self.writer._serialize_data_item(body, said, operation.output_shape)
        else:
            body += b"\xa2"
            error = said.get("Error", {})
            for text in ("__type", error.get("Code", "Unknown"), "message", error.get("Message", "")):
                self.writer._serialize_type_string(body, text, None, None)
        headers = {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
        return Response(bytes(body), status=answer.status_code, headers=headers)
