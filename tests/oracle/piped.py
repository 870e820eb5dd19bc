"""A device for the tests of `pipe:` targets: right until it is told to go wrong.

`python piped.py MODE [PATH]` runs models of one RESHAPE: what goes in comes out. Written from the
protocol's description alone.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

IN, OUT = sys.stdin.buffer, sys.stdout.buffer


def say(line, data=b""):
    OUT.write(line.encode() + b"\n" + data)


def words():
    line = IN.readline()
    if not line:
        sys.exit(0)
    return line.decode().split()


def greet(mode):
    if mode == "mute":
        time.sleep(100)
    if mode == "dies at start":
        sys.stderr.write("no board on the port\n")
        sys.exit(3)
    greetings = {"boots": "U-Boot 2019.01", "newer": "refint8-pipe 2 later", "nameless": ""}
    say(greetings.get(mode, "refint8-pipe 1 the reshaper 1.0"))
    OUT.flush()


def main():
    mode = sys.argv[1]
    greet(mode)
    if len(sys.argv) > 2:
        with Path(sys.argv[2]).open("a") as log:
            log.write("start\n")
    total = 0
    while True:
        first = words()
        if first[0] == "model":
            content = IN.read(int(first[1]))
            assert content[4:8] == b"TFL3"
            if len(sys.argv) > 2:
                with Path(sys.argv[2]).open("a") as log:
                    log.write("model\n")
            continue
        _, number, state, inner, count = first
        assert count == "1"
        word, position, dtype, shape, size = words()
        assert (word, position, dtype, shape) == ("tensor", "0", "int8", "1x3"), (word, position)
        data = IN.read(int(size))
        total = total * (state == "stream") + data[0]
        behave(mode, int(number), data, inner, total % 256)
        OUT.flush()


def behave(mode, number, data, inner, total):
    answers = {
        "garbage": b"\xff\xfe\x00 what is this\n",
        "endless": b"x" * 10000,
        "another run": b"ok %d 1\n" % (number + 1),
        "words": b"ok %d\n" % number,
        "no count": b"ok %d -1\n" % number,
        "too many": b"ok %d 99999999\n" % number,
        "no tensor": b"ok %d 1\n\n" % number,
        "no dtype": b"ok %d 1\ntensor 0 object 3 3\nabc" % number,
        "no shape": b"ok %d 1\ntensor 0 int8 3y 3\nabc" % number,
        "bytes": b"ok %d 1\ntensor 0 int8 4 3\nabc" % number,
        "huge": b"ok %d 1\ntensor 0 int8 99999999999 99999999999\nabc" % number,
        "dimensions": b"ok %d 1\ntensor 0 int8 %s3 3\nabc" % (number, b"1x" * 70),
        "twice": b"ok %d 2\n" % number + b"tensor 0 int8 3 3\nabc" * 2,
        "no end": b"ok %d 1\ntensor 0 int8 3 3\nabcend %d\n" % (number, number + 1),
        "too long": b"ok %d 1\ntensor 0 int8 3 3\nabcdend %d\n" % (number, number),
        "bool": b"ok %d 1\ntensor 0 bool 3 3\nabcend %d\n" % (number, number),
        "other refusal": b"refused %d no\n" % (number + 1),
        "refuses": b"refused %d no such kernel: RESHAPE\n" % number,
        "refuses dryly": b"refused %d\n" % number,
        "wrong names": b"ok %d 1\ntensor 7 int8 3 3\nabcend %d\n" % (number, number),
        "nothing": b"ok %d 0\nend %d\n" % (number, number),
        "windows": b"ok %d 1\r\ntensor 0 int8 3 3\r\n%send %d\r\n" % (number, data, number),
        "int16": b"ok %d 1\ntensor 0 int16 3 6\nabcdefend %d\n" % (number, number),
    }
    if mode in answers:
        OUT.write(answers[mode])
        return
    if mode == "crashes":
        sys.stderr.write("bus fault\n")
        sys.stderr.flush()
        os.kill(os.getpid(), signal.SIGSEGV)
    if mode == "aborts":
        os.abort()
    if mode == "exits" or (mode == "exits in the middle" and OUT.write(b"ok %d 1\nten" % number)):
        OUT.flush()
        os._exit(4)
    if mode == "closes":
        OUT.flush()
        os.close(1)
        time.sleep(100)
    if mode == "hangs" or (mode == "hangs on 4" and data[0] == 4):
        time.sleep(100)
    if mode == "crashes on 4" and data[0] == 4:
        os.kill(os.getpid(), signal.SIGSEGV)
    if mode == "counts":
        data = bytes([total]) + data[1:]
    say(f"ok {number} {1 + (inner == 'inner')}")
    if inner == "inner":
        say("tensor t0 int8 1x3 3", data)
    say("tensor 0 int8 3 3", data)
    say(f"end {number}")


if __name__ == "__main__":
    main()
