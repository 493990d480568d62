#!/bin/sh
# The coding-agent cookbook, step by step, with curl: nothing but the base URL and the token is ours. Each answer is
# checked; the first that is not as the cookbook shows it ends the script with 1.
#
#   BASE_URL               where the daemon answers, as `recall http status` shows it
#   MEMORIES_API_TOKEN     what `recall http token` prints
#   MEMORIES_WORKSPACE_ID  the project's id, as `recall http status` shows it
#   PROJECT_PATH           the project's folder
#   PYTHON                 a Python, to look into the answers
set -eu

: "${BASE_URL:?}" "${MEMORIES_API_TOKEN:?}" "${MEMORIES_WORKSPACE_ID:?}" "${PROJECT_PATH:?}"
PYTHON=${PYTHON:-python3}

# check WHAT CONDITION: the answer in $answer, as `a`, fulfils a condition in Python.
check() {
  printf '%s' "$answer" | "$PYTHON" -c '
import json, re, sys
a = json.load(sys.stdin)
what, condition = sys.argv[1:]
if not eval(condition):
    sys.exit(f"not as the cookbook has it: {what}\n{json.dumps(a, indent=1, ensure_ascii=False)}")
print(f"ok  {what}")
' "$1" "$2"
}

# take EXPRESSION: a part of the answer.
take() {
  printf '%s' "$answer" | "$PYTHON" -c 'import json, sys; a = json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"
}

# --- Step 1: store your first architecture decision

answer=$(curl -sS -X POST $BASE_URL/api/v1/memories/store \
  -H "Authorization: Token $MEMORIES_API_TOKEN" \
  -H "Content-Type: application/json" \
  -d '{
    "workspace_id": "'"$MEMORIES_WORKSPACE_ID"'",
    "title": "SQLAlchemy lazy loading strategy",
    "memory_type": "decision",
    "narrative": "All SQLAlchemy relationships use lazy=''raise'' as the default. This forces explicit loading via selectinload() or joinedload() and prevents N+1 query bugs. Any code that accesses a relationship without an explicit loader will raise an error immediately rather than silently issuing a query. See api/neuroloom_api/models/memory.py for the base model configuration.",
    "concepts": ["SQLAlchemy", "lazy loading", "N+1 queries", "performance"],
    "source_files": [
      "api/neuroloom_api/models/memory.py",
      "api/neuroloom_api/database.py"
    ],
    "importance_score": 0.95
  }')
check "a decision is stored" 're.fullmatch("mem-[0-9a-f]+", a["id"]) and a["title"] == "SQLAlchemy lazy loading strategy"'
check "with its type and importance" 'a["memory_type"] == "decision" and a["importance_score"] == 0.95'
check "and its time" 're.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", a["created_at"])'
lazy=$(take 'a["id"]')

answer=$(curl -sS "$BASE_URL/api/v1/memories/by-file?file_path=api/neuroloom_api/models/memory.py" \
  -H "Authorization: Token $MEMORIES_API_TOKEN")
check "its file leads to it" 'a["memories"][0]["id"] == "'"$lazy"'"'

answer=$(curl -sS -X POST $BASE_URL/api/v1/memories/store \
  -H "Authorization: Token $MEMORIES_API_TOKEN" \
  -H "Content-Type: application/json" \
  -d '{
    "workspace_id": "'"$MEMORIES_WORKSPACE_ID"'",
    "title": "Workspace isolation in all DB queries",
    "memory_type": "convention",
    "narrative": "Every query must filter by workspace_id — no exceptions. pgvector indexes do not enforce tenant isolation.",
    "importance_score": 0.92
  }')
check "dashes and all" 'a["memory_type"] == "convention"'

# --- Step 2: search decisions by concept

answer=$(curl -sS -X POST $BASE_URL/api/v1/memories/search \
  -H "Authorization: Token $MEMORIES_API_TOKEN" \
  -H "Content-Type: application/json" \
  -d '{
    "workspace_id": "'"$MEMORIES_WORKSPACE_ID"'",
    "query": "database relationship loading strategy",
    "memory_types": ["decision", "pattern"],
    "limit": 10
  }')
check "the decision is found" 'a["results"][0]["id"] == "'"$lazy"'"'
check "with what it says" 'all(name in a["results"][0] for name in ("title", "memory_type", "score", "summary"))'

# --- Step 3: use session context injection

answer=$(curl -sS -X POST $BASE_URL/api/v1/sessions/start \
  -H "Authorization: Token $MEMORIES_API_TOKEN" \
  -H "Content-Type: application/json" \
  -d '{
    "workspace_id": "'"$MEMORIES_WORKSPACE_ID"'",
    "project_path": "'"$PROJECT_PATH"'"
  }')
check "a session starts" 're.fullmatch("ses-[0-9a-f]+", a["session_id"])'
check "with the decision and the convention" '[(m["title"], m["memory_type"], m["importance_score"]) for m in a["injected_memories"]] == [("SQLAlchemy lazy loading strategy", "decision", 0.95), ("Workspace isolation in all DB queries", "convention", 0.92)]'
check "and says so" 'a["context_summary"].startswith("2 high-importance memories injected.")'
check "in marked text" 're.search(r"\[Recalld — retrieved for .+\]", a["text"]) and "[/Recalld]" in a["text"]'
session=$(take 'a["session_id"]')

answer=$(curl -sS "$BASE_URL/api/v1/sessions/$session/context?max_memories=10" \
  -H "Authorization: Token $MEMORIES_API_TOKEN")
check "the context is refreshed, and nothing is given twice" 'a["session_id"] == "'"$session"'" and a["already_given"] == 2'

answer=$(curl -sS "$BASE_URL/api/v1/context?file_path=api/neuroloom_api/models/memory.py" \
  -H "Authorization: Token $MEMORIES_API_TOKEN")
check "a file has its context" '"[Recalld — retrieved for api/neuroloom_api/models/memory.py]" in a["text"]'

# --- Step 4: store a pattern

answer=$(curl -sS -X POST $BASE_URL/api/v1/memories/store \
  -H "Authorization: Token $MEMORIES_API_TOKEN" \
  -H "Content-Type: application/json" \
  -d '{
    "workspace_id": "'"$MEMORIES_WORKSPACE_ID"'",
    "title": "ARQ worker argument serialization",
    "memory_type": "pattern",
    "narrative": "ARQ job functions must receive only JSON-serializable arguments. Never pass ORM objects into jobs — pass IDs as strings instead. The worker runs in a separate process with its own connection pool and cannot deserialize SQLAlchemy model instances. Pattern: accept entity_id: str, then load from DB inside the job function.",
    "concepts": ["ARQ", "background jobs", "serialization", "worker patterns"],
    "source_files": ["api/neuroloom_api/workers/"],
    "importance_score": 0.88
  }')
check "a pattern is stored" 'a["memory_type"] == "pattern" and a["importance_score"] == 0.88'

# --- Step 5: rate a memory

answer=$(curl -sS -X POST $BASE_URL/api/v1/memories/$lazy/feedback \
  -H "Authorization: Token $MEMORIES_API_TOKEN" \
  -H "Content-Type: application/json" \
  -d '{
    "useful": true,
    "context": "Prevented N+1 bug when adding eager loading to the workspace query"
  }')
check "it is rated" 'a == {"memory_id": "'"$lazy"'", "previous_importance": 0.95, "updated_importance": 0.97, "rating_recorded": True}'

# --- Step 6: end the session and extract memories

answer=$(curl -sS -X POST $BASE_URL/api/v1/sessions/$session/observations \
  -H "Authorization: Token $MEMORIES_API_TOKEN" \
  -H "Content-Type: application/json" \
  -d '{"content": "Looked into the session factory.", "kind": "note"}')
check "an observation is taken" 'a["recorded"] is True'

answer=$(curl -sS -X POST $BASE_URL/api/v1/sessions/$session/end \
  -H "Authorization: Token $MEMORIES_API_TOKEN" \
  -H "Content-Type: application/json" \
  -d '{
    "summary": "Added async graph endpoint for topic exploration. Resolved DetachedInstanceError in session factory by verifying expire_on_commit=False. Discovered and documented pgvector ef_search tuning approach."
  }')
check "the session ends" 'a["session_id"] == "'"$session"'" and a["status"] == "ended"'
check "and memories are being made" 'a["extraction_job_id"].startswith("job-") and a["estimated_memories"] >= 3'
job=$(take 'a["extraction_job_id"]')

left=200
while :; do
  answer=$(curl -sS "$BASE_URL/api/v1/jobs/$job" -H "Authorization: Token $MEMORIES_API_TOKEN")
  [ "$(take 'a["status"]')" = done ] && break
  left=$((left - 1))
  [ "$left" -gt 0 ] || { echo "the extraction takes too long" >&2; exit 1; }
  sleep 0.1
done
answer=$(curl -sS -X POST $BASE_URL/api/v1/memories/search \
  -H "Authorization: Token $MEMORIES_API_TOKEN" \
  -H "Content-Type: application/json" \
  -d '{"workspace_id": "'"$MEMORIES_WORKSPACE_ID"'", "query": "DetachedInstanceError in the session factory"}')
check "which are found" '"expire_on_commit" in a["results"][0]["summary"]'

# --- Production patterns: deduplicate before storing

answer=$(curl -sS -X POST $BASE_URL/api/v1/memories/search \
  -H "Authorization: Token $MEMORIES_API_TOKEN" \
  -H "Content-Type: application/json" \
  -d '{
    "workspace_id": "'"$MEMORIES_WORKSPACE_ID"'",
    "query": "SQLAlchemy session configuration",
    "memory_types": ["decision"],
    "limit": 3
  }')
check "a search before storing" 'len(a["results"]) <= 3 and all(m["memory_type"] == "decision" for m in a["results"])'

answer=$(curl -sS -X POST $BASE_URL/api/v1/memories/search \
  -H "Authorization: Token $MEMORIES_API_TOKEN" \
  -H "Content-Type: application/json" \
  -d '{
    "workspace_id": "'"$MEMORIES_WORKSPACE_ID"'",
    "query": "SQLAlchemy lazy loading strategy",
    "memory_types": ["decision"],
    "limit": 3
  }')
check "a match above 0.85 is there for what is known" 'a["results"][0]["id"] == "'"$lazy"'" and a["results"][0]["score"] > 0.85'

answer=$(curl -sS -X PATCH $BASE_URL/api/v1/memories/$lazy \
  -H "Authorization: Token $MEMORIES_API_TOKEN" \
  -H "Content-Type: application/json" \
  -d '{"concepts": ["SQLAlchemy", "lazy loading"]}')
check "so it is updated" 'a["version"] > 1 and a["concepts"] == ["SQLAlchemy", "lazy loading"]'

# --- Production patterns: pin critical memories

answer=$(curl -sS -X POST $BASE_URL/api/v1/memories/store \
  -H "Authorization: Token $MEMORIES_API_TOKEN" \
  -H "Content-Type: application/json" \
  -d '{
    "workspace_id": "'"$MEMORIES_WORKSPACE_ID"'",
    "title": "Workspace isolation invariant",
    "memory_type": "convention",
    "narrative": "Every database query must filter by workspace_id. This is a hard security invariant, not a performance optimization. pgvector similarity queries do not enforce tenant isolation — the WHERE clause is mandatory.",
    "importance_score": 1.0
  }')
check "an invariant is stored" 'a["importance_score"] == 1.0'
pinned=$(take 'a["id"]')

for number in 1 2 3; do
  answer=$(curl -sS -X POST $BASE_URL/api/v1/sessions/start \
    -H "Authorization: Token $MEMORIES_API_TOKEN" \
    -H "Content-Type: application/json" \
    -d '{
      "workspace_id": "'"$MEMORIES_WORKSPACE_ID"'",
      "project_path": "'"$PROJECT_PATH"'"
    }')
  check "and surfaces in session $number" '"'"$pinned"'" in [m["id"] for m in a["injected_memories"]]'
  session=$(take 'a["session_id"]')
  answer=$(curl -sS -X POST $BASE_URL/api/v1/sessions/$session/end \
    -H "Authorization: Token $MEMORIES_API_TOKEN" -H "Content-Type: application/json" -d '{"summary": ""}')
  check "which ends" 'a["status"] == "ended"'
done

# --- Production patterns: one workspace per project

answer=$(curl -sS "$BASE_URL/api/v1/memories/$lazy?workspace_id=ws-another" \
  -H "Authorization: Token $MEMORIES_API_TOKEN")
check "another workspace does not have it" 'a["status"] == 404'

echo "the whole cookbook works"
