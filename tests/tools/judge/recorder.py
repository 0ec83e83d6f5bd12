"""Stands before an endpoint, passes every byte on unchanged, and has the judge look at what clients sent.

    python -m judge.recorder --report FILE PORT=UPSTREAM...

Listens on 127.0.0.1:PORT for each pair and leads to 127.0.0.1:UPSTREAM. The judging is done by a process of its own at
the lowest priority, so that tests are not slowed by it. On SIGTERM it stops listening, finishes judging, writes the
report, prints it, and exits with 1 where something was found and with 3 where nothing was seen.
"""

import argparse
import asyncio
import multiprocessing
import os
import signal
import sys

from .check import Judge
from .tally import Tally
from .wire import Reader

CHUNK = 1 << 16


def work(queue, report):
    """The judging process: ends at the first None and leaves the report."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(19)
    judge, tally = Judge(), Tally()
    while (request := queue.get()) is not None:
        tally.add(judge.look(request))
    tally.write(report)
    print(tally.text(), flush=True)
    sys.exit(1 if tally.findings else 0 if tally.operations else 3)


async def copy(reader, writer, sees):
    """Copies until the end of one side, and lets `sees` have what was copied."""
    try:
        while data := await reader.read(CHUNK):
            writer.write(data)
            sees(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        try:
            writer.close()
        except OSError:
            pass


def connection(upstream, queue):
    async def handle(reader, writer):
        try:
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", upstream)
        except OSError:
            writer.close()
            return
        cut = Reader()

        def sees(data):
            for request in cut.feed(data):
                # Pages and products are no affair of the judge.
                if request.header("authorization"):
                    queue.put(request)

        await asyncio.gather(copy(reader, there_writer, sees), copy(there_reader, writer, lambda _: None))

    return handle


async def serve(pairs, queue):
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    servers = [await asyncio.start_server(connection(up, queue), "127.0.0.1", port) for port, up in pairs]
    print("ready", flush=True)
    await stop.wait()
    for server in servers:
        server.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--report", required=True)
    parser.add_argument("pairs", nargs="+")
    given = parser.parse_args()
    pairs = [tuple(map(int, pair.split("="))) for pair in given.pairs]
    queue = multiprocessing.Queue()
    worker = multiprocessing.Process(target=work, args=(queue, given.report))
    worker.start()
    try:
        asyncio.run(serve(pairs, queue))
    finally:
        queue.put(None)
        worker.join()
    sys.exit(worker.exitcode)


if __name__ == "__main__":
    main()
