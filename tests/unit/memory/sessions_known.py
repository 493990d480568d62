"""Sessions as they are summed up in practice, with the facts that are worth keeping. The rules were made on these.

A fact is one memory: its type, or several of which any will do, and words that its text has. What is no fact of a
session is noise, and must not be kept.
"""

from __future__ import annotations

from tests.unit.memory.told import Told, told

KNOWN: list[Told] = [
    told(
        "the cookbook's own",
        "Added async graph endpoint for topic exploration. Resolved DetachedInstanceError in session factory by "
        "verifying expire_on_commit=False. Discovered and documented pgvector ef_search tuning approach.",
        ("architecture", "async graph endpoint"),
        ("bug_fix", "expire_on_commit=False"),
        ("learning|performance", "ef_search"),
    ),
    told(
        "coffee and tests",
        "Had coffee. Ran tests. All tests pass now. Decided to use PostgreSQL for the main database.",
        ("decision", "PostgreSQL"),
    ),
    told("nothing at all", ""),
    told("only noise", "Looked around in the code. Nothing special today. Will continue tomorrow."),
    told("only greetings", "Hi! Thanks for the help. Sounds good, see you tomorrow."),
    told(
        "bullets",
        "- Fixed the race in `Scheduler.start` by taking the lock before reading the queue\n"
        "- Switched from requests to httpx because we need async\n"
        "- Ran the linter\n"
        "- TODO: write docs",
        ("bug_fix", "Scheduler.start"),
        ("decision|dependency", "httpx"),
    ),
    told(
        "numbered",
        "1. Moved rate limiting into middleware/limits.py so that every route gets it.\n"
        "2. Never call the billing API from a request handler; enqueue a job instead.\n"
        "3. Lunch break.",
        ("architecture", "middleware/limits.py"),
        ("convention", "billing API"),
    ),
    told(
        "headings",
        "## Done\n\nImplemented cursor pagination in api/views.py with an opaque token.\n\n"
        "## Decisions\n\n* Page size is capped at 200 because larger pages time out behind the proxy.\n\n"
        "## Next steps\n\n* Add pagination to the admin\n* Ask Priya about the old clients",
        ("architecture", "cursor pagination"),
        ("decision", "capped at 200"),
    ),
    told(
        "a debugging story",
        "Spent two hours on the flaky checkout test. It turned out that the fixture reused a connection across event "
        "loops. The fix was to create the pool inside the loop. Opened a PR.",
        ("debugging|learning", "reused a connection across event loops"),
        ("bug_fix", "create the pool inside the loop"),
    ),
    told(
        "the root cause",
        "Investigated the memory leak in the worker. Root cause: the LRU cache kept references to request objects. "
        "Restarted the server a few times.",
        ("debugging", "LRU cache kept references"),
    ),
    told(
        "a convention",
        "We always wrap repository calls in a unit of work. Renamed a few variables.",
        ("convention", "unit of work"),
    ),
    told(
        "a preference",
        "I prefer immutable dataclasses over dicts for parsed config. Tests are green.",
        ("preference", "immutable dataclasses"),
    ),
    told(
        "configuration",
        "Set `statement_timeout` to 5s in config/database.yml. The staging Redis listens on port 6380.",
        ("configuration", "statement_timeout"),
        ("configuration|reference", "6380"),
    ),
    told(
        "a dependency",
        "Upgraded pydantic to 2.7, which needs `model_config` in place of `class Config`. Pinned urllib3<2 because "
        "botocore does not support it yet. Committed and pushed.",
        ("dependency", "pydantic"),
        ("dependency|decision", "urllib3"),
    ),
    told(
        "speed",
        "Reduced dashboard load time from 4.2 s to 600 ms by batching the permission lookups. Profiled a bit more.",
        ("performance", "batching the permission lookups"),
    ),
    told(
        "security",
        "Passwords must never be logged, so I added a redaction filter to logging_setup.py. "
        "JWTs are now verified with RS256 only; HS256 tokens are rejected.",
        ("security|convention", "redaction filter"),
        ("security", "RS256"),
    ),
    told(
        "a long sentence with several facts",
        "Added retry with exponential backoff to PaymentClient.charge, and decided against a circuit breaker because "
        "the provider already has one.",
        ("architecture|pattern", "exponential backoff"),
        ("decision", "circuit breaker"),
    ),
    told(
        "semicolons",
        "Fixed off-by-one in paginate(); the last page was dropped when the total was a multiple of the page size; "
        "ran the whole suite.",
        ("bug_fix", "off-by-one"),
    ),
    told(
        "an agent's report",
        "I've successfully completed the task! Here's a summary of what I did:\n\n"
        "**Changes made:**\n"
        "- Created `src/cache/redis_cache.py` with a `RedisCache` class that serialises values with msgpack\n"
        "- Updated `src/settings.py`\n\n"
        "**Key decisions:**\n"
        "- Cache keys are prefixed with the tenant id so tenants can never read each other's data\n\n"
        "Let me know if you need anything else!",
        ("architecture", "RedisCache"),
        ("decision|security", "prefixed with the tenant id"),
    ),
    told(
        "what was learned",
        "Learned that SQLite ignores foreign keys unless `PRAGMA foreign_keys=ON` is set on each connection.",
        ("learning", "PRAGMA foreign_keys"),
    ),
    told(
        "a gotcha",
        "Gotcha: `asyncio.gather` does not cancel its siblings when one fails. Use a TaskGroup instead.",
        ("learning|debugging", "asyncio.gather"),
    ),
    told(
        "what is not true any more",
        "We no longer use Celery; background jobs run in ARQ. Deleted the old worker module.",
        ("decision|architecture", "ARQ"),
    ),
    told(
        "a pattern",
        "Pattern for workers: accept entity_id: str and load the row inside the job. Fixed typos.",
        ("pattern", "entity_id"),
    ),
    told(
        "how things are built",
        "The importer is split in two: parse.py makes records, load.py writes them in batches of 500. Read some docs.",
        ("architecture", "batches of 500"),
    ),
    told(
        "questions and intentions",
        "Should we shard the events table? Maybe we could try partitioning. I will look into it next week. "
        "Let's ask the DBA first.",
    ),
    told(
        "past tense of no consequence",
        "Opened the repository, read README.md, listed the files, and ran git status. Checked out a new branch.",
    ),
    told(
        "a where-is",
        "The payment API key is in the environment variable PAYMENT_API_KEY. "
        "The runbook for failed deploys lives at docs/runbooks/deploy.md.",
        ("configuration|reference", "PAYMENT_API_KEY"),
        ("reference", "docs/runbooks/deploy.md"),
    ),
    told(
        "limits",
        "The payment service fails if amounts have more than 2 decimal places. We need to round before sending.",
        ("debugging|learning", "2 decimal places"),
    ),
    told(
        "an error and its fix, observed",
        "",
        ("bug_fix", "pool_pre_ping"),
        observed=[
            ("error", "sqlalchemy.exc.OperationalError: server closed the connection unexpectedly"),
            ("fix", "Set pool_pre_ping=True in api/database.py so stale connections are replaced"),
        ],
    ),
    told(
        "tool uses are noise",
        "Documented that the nightly export needs the `reports` role.",
        ("learning|reference|configuration", "`reports` role"),
        observed=[
            ("tool", "Bash: pytest -q"),
            ("tool", "Edit: api/views.py"),
            ("tool", "Read: README.md"),
            ("note", "tests pass"),
        ],
    ),
    told(
        "said twice",
        "Decided to store money as integer cents. We store money as integer cents.",
        ("decision", "integer cents"),
        observed=[("note", "Decided to store money as integer cents.")],
    ),
    told(
        "notes along the way",
        "Finished the import.",
        ("decision", "idempotency keys"),
        ("debugging|learning", "naive timestamps"),
        observed=[
            ("note", "We chose idempotency keys over a lock table because workers may crash between the two writes."),
            ("note", "hmm"),
            ("note", "The CSV export has naive timestamps, which is why Berlin totals were off by an hour."),
            ("note", "ok let me try again"),
        ],
    ),
    told(
        "because of a workaround",
        "Worked around a bug in uvloop 0.19 by disabling it in tests (conftest.py sets the default loop).",
        ("bug_fix|debugging", "uvloop"),
    ),
    told(
        "deployment",
        "Deployed to staging. Migrations must run before the web pods start, otherwise health checks fail.",
        ("convention|architecture", "Migrations must run before"),
    ),
    told(
        "an if-then rule",
        "When adding a new event type, also register it in events/registry.py, or the consumer drops it silently.",
        ("convention|pattern", "events/registry.py"),
    ),
    told(
        "markdown with code",
        "Switched the parser to streaming:\n\n```python\nfor row in reader:\n    yield Record(*row)\n```\n\n"
        "Memory stays below 80 MB on the largest feed.",
        ("architecture|decision|performance", "streaming"),
        ("performance", "80 MB"),
    ),
    told(
        "unit tests were added",
        "Added tests for the tokenizer. Fixed flake8 warnings. Bumped version.",
    ),
    told(
        "with tags",
        "The admin panel uses a separate auth flow.\nTags: authentication, admin, security",
        ("architecture|security|reference", "separate auth flow"),
    ),
    told(
        "a reverted try",
        "Tried replacing the ORM with raw SQL for the feed; reverted because it was only 3 % faster. Went home.",
        ("learning|decision|performance", "only 3 % faster"),
    ),
    told(
        "an api contract",
        "POST /v2/orders now returns 409 instead of 400 when the cart is stale. "
        "Clients must resend with a fresh cart id.",
        ("architecture|convention", "409 instead of 400"),
        ("convention", "fresh cart id"),
    ),
    told(
        "the environment",
        "CI needs Docker 24 because the compose file uses `include`. Waiting for CI.",
        ("configuration|dependency", "Docker 24"),
    ),
    told(
        "German commas and quotes",
        "“Never trust the client clock” – expiry is computed on the server in auth/expiry.py. Cleaned up imports.",
        ("convention|security|architecture", "computed on the server"),
    ),
    told(
        "progress of a migration",
        "Migrated 12 of 30 models to the new base class. Still failing: 3 tests. "
        "New models have to inherit from TimestampedModel.",
        ("convention", "TimestampedModel"),
    ),
]
