"""NHS England's own MESH client on the other side.

client.py URL MAILBOX send TO FILE CHUNK-BYTES compress|plain [name=value ...]   prints the message id
client.py URL MAILBOX receive    prints a line of JSON for each message, and acknowledges it
"""

import hashlib
import json
import sys
from pathlib import Path

from mesh_client import MeshClient

url, mailbox, action, *rest = sys.argv[1:]
with MeshClient(url, mailbox, "password", shared_key=b"TestKey", max_retries=0) as client:
    if action == "send":
        to, file, chunk, how, *headers = rest
        print(
            client.send_message(
                to,
                Path(file).read_bytes(),
                max_chunk_size=int(chunk),
                compress=how == "compress",
                **dict(header.split("=", 1) for header in headers),
            )
        )
    else:
        for message in client.iterate_all_messages():
            content = message.read()
            told = {
                "id": message.id(),
                "from": message.sender,
                "workflow": message.workflow_id,
                "localId": message.local_id,
                "fileName": message.filename,
                "subject": message.subject,
                "contentType": message.content_type,
                "bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            }
            print(json.dumps(told))
            message.acknowledge()
