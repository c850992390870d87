"""The figures at `/metrics`: names, labels and one registry. Whoever knows a figure sets it; nothing is counted here.

Labels hold channels, results and metrics of a promise, never clients or people: they would grow without bound and tell
who our clients are. The alert rules in deploy/ ask for these names.
"""

from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)

#: Our own: the library's default registry is shared by everything in a process, tests included.
REGISTRY: Final = CollectorRegistry()

ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)

INBOUND: Final = Counter(
    "maitred_inbound_messages_total", "Payloads kept in the journal", ["channel"], registry=REGISTRY
)
INBOX_OLDEST: Final = Gauge(
    "maitred_inbox_oldest_unprocessed_seconds", "How long the oldest undecided payload has waited", registry=REGISTRY
)
INBOX_DEAD: Final = Gauge("maitred_inbox_dead_letters", "Payloads that could not be understood", registry=REGISTRY)
OUTBOX_PENDING: Final = Gauge("maitred_outbox_pending", "Rows that wait to go out", ["channel"], registry=REGISTRY)
OUTBOX_OLDEST: Final = Gauge(
    "maitred_outbox_oldest_seconds", "How long the oldest row has waited to go out", registry=REGISTRY
)
DELIVERIES: Final = Counter(
    "maitred_deliveries_total", "Tries to send, by how they ended", ["channel", "result"], registry=REGISTRY
)
ALARM_LAG: Final = Histogram(
    "maitred_alarms_due_lag_seconds",
    "How long after its moment an alarm was decided",
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300),
    registry=REGISTRY,
)
BREACHES: Final = Counter("maitred_sla_breaches_total", "Promises that broke", ["metric"], registry=REGISTRY)
CHANNEL_UP: Final = Gauge("maitred_channel_up", "1 while a channel works", ["channel"], registry=REGISTRY)
TICKER_CYCLE: Final = Gauge(
    "maitred_ticker_last_cycle_timestamp_seconds", "When the ticker last looked at what is due", registry=REGISTRY
)
RELOAD_SUCCESS: Final = Gauge(
    "maitred_config_reload_success", "1 while the desk directory in force is the newest one", registry=REGISTRY
)
AUDITOR_VIOLATIONS: Final = Gauge(
    "maitred_auditor_violations", "Things that stand still and must not, at the last look", ["check"], registry=REGISTRY
)
AUDITOR_LOOK: Final = Gauge(
    "maitred_auditor_last_look_timestamp_seconds", "When the auditor last looked", registry=REGISTRY
)
LOOP_LAG: Final = Gauge(
    "maitred_event_loop_lag_seconds", "How late the event loop turned at the worst, of late", registry=REGISTRY
)
LOOP_STALL: Final = Histogram(
    "maitred_event_loop_stall_seconds",
    "How late the event loop turned through our own doing",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5),
    registry=REGISTRY,
)
