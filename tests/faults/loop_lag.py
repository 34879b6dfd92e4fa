"""How late a server's event loop was, by its own histogram."""

BUCKETS = "voice_loop_lag_seconds_bucket"


def loop_lag_s(
    before: dict[str, float], after: dict[str, float], percent: float
) -> float:
    """Return a percentile of what the loop was late by between two looks at the metrics."""
    buckets = {
        float(name.partition("le=")[2].rstrip("}")): total - before.get(name, 0)
        for name, total in after.items()
        if name.startswith(BUCKETS)
    }
    return quantile(buckets, percent / 100)


def quantile(buckets: dict[float, float], share: float) -> float:
    """Return where in a histogram of sums a share lies, as Prometheus estimates it."""
    wanted = share * buckets[float("inf")]
    below, least = 0.0, 0.0
    for bound, total in sorted(buckets.items()):
        if total >= wanted and total > below:
            if bound == float("inf"):
                return least
            return least + (bound - least) * (wanted - below) / (total - below)
        below, least = total, bound
    return least
