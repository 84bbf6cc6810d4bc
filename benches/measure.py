"""Timing commands side by side."""

import os, statistics, subprocess, tempfile, time

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
