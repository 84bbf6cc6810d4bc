"""How long a plan takes, beside psql."""

import os, sys, tempfile

from measure import Away, compare, scratch, write

psql, dbtune, profile, *urls = sys.argv[1:]

def targets(count, urls):
    """A targets file with this many names, shared out among the servers."""
    entries = [
        f"  - name: node-{n + 1}\n    engine: postgresql\n    url: {urls[n % len(urls)]}\n" for n in range(count)
    ]
    with tempfile.NamedTemporaryFile("w", dir=scratch.name, suffix=".yaml", delete=False) as file:
        file.write("targets:\n" + "".join(entries))
    return file.name

def plan_of(count, urls):
    return [dbtune, "plan", "--targets-file", targets(count, urls), "--profile", postgresql, "--format", "json"]

with open(profile) as file:
    postgresql = write("postgresql.yaml", file.read().split("    redis:")[0])

floor = [psql, "-X", "-c", "select 1", os.environ["DATABASE_URL"]]
plan = [dbtune, "plan", "--profile", profile, "--format", "json"]
to_psql, peak = compare(("psql -c 'select 1'", floor), ("dbtune plan (25 + 10)", plan), 60)
print(f"ratio, median of the pairs   {to_psql:.2f}   (at most 1.50)")
print(f"peak memory                  {peak:.1f} MB   (below 30)\n")

# The servers' addresses in the environment of the sandbox would win over the targets file.
for name in ("DBTUNE_POSTGRES_URL", "DBTUNE_REDIS_URL", "DATABASE_URL", "REDIS_URL"):
    os.environ.pop(name, None)
fifty = ("dbtune plan, 50 targets", plan_of(50, urls))
at_once = [[psql, "-X", "-c", "select 1", urls[n % len(urls)]] for n in range(50)]
to_fifty, peak_of_50 = compare(("50 of psql at once", at_once), fifty, 20)
print(f"ratio, median of the pairs   {to_fifty:.2f}   (at most 1.50; 50 targets on {len(urls)} servers, {os.cpu_count()} cores)")
print(f"peak memory                  {peak_of_50:.1f} MB\n")
# Here all servers share the cores with each other and with dbtune, so this says what the machine can do, and is
# not judged: 50 connections alone take longer than 5 times one plan.
to_one, _ = compare(("dbtune plan, 1 target", plan_of(1, urls)), fifty, 20)
print(f"ratio, median of the pairs   {to_one:.2f}   (servers on this machine; not judged)\n")
away = Away(urls, 0.010).urls
one_away = ("dbtune plan, 1, 10 ms away", plan_of(1, away))
away_to_one, _ = compare(one_away, ("dbtune plan, 50, 10 ms away", plan_of(50, away)), 20)
print(f"ratio, median of the pairs   {away_to_one:.2f}   (at most 5.00)")
met = to_psql <= 1.5 and peak < 30 and to_fifty <= 1.5 and away_to_one <= 5
sys.exit(0 if met else 1)
