"""Sessions that the rules of extraction were not made on: for measuring alone."""

from __future__ import annotations

from tests.unit.memory.told import Told, told

UNSEEN: list[Told] = [
    told(
        "a feature day",
        "Built the CSV import wizard (frontend/import/Wizard.tsx). Uploads go straight to S3 with a presigned URL so "
        "the web dynos never hold the file. Paired with Sam for an hour.",
        ("architecture", "CSV import wizard"),
        ("architecture|decision", "presigned URL"),
    ),
    told(
        "a hunt",
        "Chased the duplicate e-mails. They were caused by two cron entries after the move to the new host. Removed "
        "one and documented it in ops/cron.md. Need to double check tomorrow.",
        ("debugging", "two cron entries"),
    ),
    told(
        "rules for the team",
        "- All timestamps are stored in UTC\n- Feature flags must have an owner and an expiry date\n- Retro at 3pm",
        ("convention", "UTC"),
        ("convention", "owner and an expiry date"),
    ),
    told(
        "a choice between two",
        "Compared Kafka and RabbitMQ. Went with RabbitMQ since we need per-message acknowledgement and have under 1k "
        "messages per second.",
        ("decision", "RabbitMQ since"),
    ),
    told(
        "chatter",
        "Good session. Cleaned the desk, answered a few Slack messages, and rebased my branch. More tomorrow!",
    ),
    told(
        "errors seen on the way",
        "Got the integration suite to pass locally.",
        ("bug_fix", "LC_ALL"),
        observed=[
            ("tool", "Bash: make test"),
            ("error", "UnicodeDecodeError: 'ascii' codec can't decode byte 0xc3"),
            ("fix", "Export LC_ALL=C.UTF-8 in the Dockerfile, the slim image has no locale"),
            ("note", "running again"),
        ],
    ),
    told(
        "query tuning",
        "Added a partial index on orders(status) where status = 'open'; the queue query dropped from 900 ms to 4 ms. "
        "EXPLAIN looked fine afterwards.",
        ("performance", "partial index"),
    ),
    told(
        "secrets handling",
        "API tokens are hashed with SHA-256 before they are stored, and only the prefix is shown. "
        "Rotating the signing key requires a restart of the gateway.",
        ("security", "hashed with SHA-256"),
        ("configuration|learning|security|convention", "restart of the gateway"),
    ),
    told(
        "a refactoring",
        "Extracted the pricing rules from Order into pricing/rules.py. Each rule is a pure function of the cart. "
        "Updated the imports and fixed lint.",
        ("architecture", "pricing/rules.py"),
        ("architecture|pattern|convention", "pure function of the cart"),
    ),
    told(
        "library quirks",
        "Found out that moment mutates its argument, so clone before adding days. Installed a VS Code extension.",
        ("learning", "moment mutates"),
    ),
    told(
        "waiting and asking",
        "Asked in #infra whether we can get a bigger runner. Waiting for an answer. Is it worth caching node_modules?",
    ),
    told(
        "set-up notes",
        "Local development needs Node 20 and pnpm 9. `pnpm dev` starts the API on 4000 and the web app on 3000.",
        ("configuration|dependency", "Node 20"),
        ("configuration|reference", "starts the API on 4000"),
    ),
    told(
        "a fix with its reason",
        "Fixed stale prices in the cart: the cache key lacked the currency. Also fixed a typo in the footer.",
        ("bug_fix", "lacked the currency"),
    ),
    told(
        "taste",
        "Please keep functions short and avoid abbreviations in names. I'd rather have explicit returns than early "
        "exceptions here.",
        ("preference|convention", "avoid abbreviations"),
        ("preference", "explicit returns"),
    ),
    told(
        "an integration",
        "Webhooks from Stripe are verified in billing/webhooks.py::verify and answered with 200 before processing; "
        "events are deduplicated by their id. Demo went well.",
        ("architecture|security", "answered with 200"),
    ),
]
