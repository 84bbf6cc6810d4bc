"""Timing commands side by side."""

import asyncio, os, statistics, subprocess, tempfile, threading, time
from urllib.parse import urlsplit

scratch = tempfile.TemporaryDirectory()

def write(name, text):
    path = os.path.join(scratch.name, name)
    with open(path, "w") as file:
        file.write(text)
    return path

def run(command):
    if isinstance(command[0], list):
        return run_at_once(command)
    begun = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, (command[0], child.returncode)
    processor = (usage.ru_utime + usage.ru_stime) * 1000
    return (time.perf_counter() - begun) * 1000, usage.ru_maxrss / 1024, processor

def run_at_once(commands):
    begun = time.perf_counter()
    children = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for command in commands]
    processor = 0
    for child in children:
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        assert child.returncode == 0, child.returncode
        processor += (usage.ru_utime + usage.ru_stime) * 1000
    return (time.perf_counter() - begun) * 1000, 0, processor

def compare(one, two, rounds):
    """Runs two commands in turn and prints how long each takes; returns the ratio and the peak of the second."""
    for _ in range(3):
        run(one[1]), run(two[1])
    pairs = [(run(one[1]), run(two[1])) for _ in range(rounds)]
    for number, (name, _) in enumerate((one, two)):
        times = [pair[number][0] for pair in pairs]
        own = statistics.median(pair[number][2] for pair in pairs)
        print(f"{name:28} median {statistics.median(times):6.1f} ms   minimum {min(times):6.1f} ms   own processor time {own:6.1f} ms")
    ratio = statistics.median(second[0] / first[0] for first, second in pairs)
    return ratio, max(second[1] for _, second in pairs)

class Away:
    """The servers as they are seen over a network: every byte arrives half a round trip later."""

    def __init__(self, urls, round_trip):
        self.half = round_trip / 2
        self.loop = asyncio.new_event_loop()
        self.tasks = set()  # The loop itself would let go of them.
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.urls = [asyncio.run_coroutine_threadsafe(self.listen(url), self.loop).result() for url in urls]

    async def listen(self, url):
        parts = urlsplit(url)

        async def accept(client_reads, client_writes):
            self.tasks.add(asyncio.current_task())
            server_reads, server_writes = await asyncio.open_connection(parts.hostname, parts.port)
            await asyncio.gather(self.carry(client_reads, server_writes), self.carry(server_reads, client_writes))

        server = await asyncio.start_server(accept, "127.0.0.1", 0, backlog=256)
        port = server.sockets[0].getsockname()[1]
        return url.replace(f"{parts.hostname}:{parts.port}", f"127.0.0.1:{port}")

    async def carry(self, reads, writes):
        try:
            while data := await reads.read(65536):
                self.loop.call_later(self.half, writes.write, data)
        except ConnectionError:
            pass
        self.loop.call_later(self.half, writes.close)
