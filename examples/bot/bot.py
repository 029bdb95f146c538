#!/usr/bin/env python3
"""Answers `!ping` in one channel. Python's standard library is all it needs.

Make a token that can read and write messages of one server and nothing else:

    conclave token create pingbot --server Home --action messages:read --action messages:write > token

then start the bot with the node's address, the channel's id and the file:

    python3 bot.py http://127.0.0.1:7468 CHANNEL_ID token
"""
import json
import sys
import time
import urllib.request

url, channel, token_file = sys.argv[1:4]
token = open(token_file, encoding="utf-8").read().strip()
# No proxy: the token never leaves this machine.
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def call(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/api/v1{path}", data, headers, method=method)
    with opener.open(request, timeout=30) as answer:
        return json.load(answer)


newest = call("GET", f"/channels/{channel}/messages?limit=1")["messages"]
last = newest[-1]["id"] if newest else None
print("ready", flush=True)
while True:
    page = call("GET", f"/channels/{channel}/messages" + (f"?after={last}" if last else ""))
    for message in page["messages"]:
        last = message["id"]
        if message["content"].strip() == "!ping":
            # The nonce makes sure that one ping gets one pong, even if the answer is lost and asked for again.
            pong = {"content": "pong", "reply_to": last, "nonce": f"pong-{last[:24]}"}
            call("POST", f"/channels/{channel}/messages", pong)
    time.sleep(0.5)
