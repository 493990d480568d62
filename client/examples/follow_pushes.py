"""Follow what the daemon pushes, over bare sockets: `python follow_pushes.py ADDRESS FOLDER [FILE …]`.

Needs pyzmq and nothing of recalld. ADDRESS is what `recall status --json` calls `socket`, with `ipc://` before it.
Prints one line for each push, and asks for the contexts of the files whose pushes it missed.
"""

import json
import sys

import zmq

address, folder, *files = sys.argv[1:]
context = zmq.Context()
requests = context.socket(zmq.DEALER)
pushes = context.socket(zmq.SUB)
for socket in (requests, pushes):
    socket.setsockopt(zmq.LINGER, 0)  # or the program would hang at its end where no daemon is
requests.connect(address)
asked = 0


def ask(method, **params):
    """One request; its whole answer, which names workspace and tree."""
    global asked  # noqa: PLW0603  # one script, one counter
    asked += 1
    requests.send(json.dumps({"protocol": 1, "id": asked, "method": method, "tree": folder, "params": params}).encode())
    while requests.poll(30_000):
        answer = json.loads(requests.recv())
        if answer["id"] != asked:
            continue  # the answer to one that was given up
        if "error" in answer:
            sys.exit(f"{answer['error']['code']}: {answer['error']['message']}")
        return answer
    sys.exit("no answer: `recall up` starts the daemon")


tree = ask("list", limit=1)
prefix = f"{tree['workspace_id']}/{tree['tree_id']}/"
wanted = {prefix + file for file in files}
pushes.connect(ask("hello")["result"]["events"])
for topic in wanted or {f"{tree['workspace_id']}/"}:
    pushes.subscribe(topic)
pushes.subscribe("daemon")  # the last: its heartbeat says that all the others are heard

epoch, published, seen = "", 0, {}
while True:
    topic, body = pushes.recv_multipart()
    topic, event = topic.decode(), json.loads(body)
    missed = set()
    if event["epoch"] != epoch:
        missed, epoch, published, seen = set(seen), event["epoch"], 0, {}
    if event["event"] == "heartbeat":
        for name, seq in event["topics"].items():
            if published and seq > seen.get(name, 0) and (name in wanted or (not wanted and name.startswith(prefix))):
                missed.add(name)
            seen[name] = seq
        if published == 0:
            print("listening", flush=True)
        elif event["complete_since"] > published:
            missed.update(seen)  # others may have dropped out of the heartbeat's list
        published = max(event["published"], 1)
    elif topic != "daemon":
        if wanted and topic not in wanted:
            continue  # a longer name with the same beginning
        if topic in seen and event["seq"] > seen[topic] + 1:
            missed.add(topic)
        seen[topic] = event["seq"]
        said = event.get("verdict") or event.get("change") or event.get("cause") or event.get("done")
        print(event["event"], event["file_path"] or event.get("title", ""), said, flush=True)
    for name in missed:
        file = name.removeprefix(prefix)
        if file and file != name:
            print("missed", file, ask("context", file_path=file)["result"]["stale"], "stale", flush=True)
