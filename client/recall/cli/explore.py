"""The command that shows what belongs together: `recall explore`."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from recall.cli.invocation import Commands, Invocation, UsageError
from recall.cli.terminal import Style
from recall.protocol.requests import ExploreReply
from recall.protocol.values import GraphNode, link_words


def register(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add(
        "explore",
        explore,
        "show what belongs to the memories that answer a question, and by what",
        epilog='example: recall explore "payment failures", or recall explore --id mem-4a9f1c2e --depth 1',
    )
    command.add_argument("query", nargs="*", metavar="QUERY", help="a question or a few words")
    command.add_argument("--id", metavar="ID", help="start from this memory instead")
    command.add_argument("--depth", type=int, choices=(1, 2), default=2, help="steps from memory to memory (default 2)")
    command.add_argument("--no-personal", dest="personal", action="store_false", help="leave out personal memories")
    command.add_argument("--limit", type=int, default=20, metavar="N", help="at most so many memories (default 20)")


def explore(invocation: Invocation) -> int:
    """`recall explore`."""
    options = invocation.options
    if bool(options.query) == bool(options.id):
        raise UsageError("say where to start: either a QUERY, or --id ID")
    with invocation.client() as client:
        query = " ".join(options.query) or None
        reply = client.explore(
            query, id=options.id, depth=options.depth, limit=options.limit, personal=options.personal
        )
    invocation.show(reply, tree)
    return 0


@dataclass(slots=True)
class _Branch:
    node: GraphNode
    links: dict[str, list[_Branch]] = field(default_factory=dict)
    """By what leads there: the memories that are shown below this one."""


def tree(reply: ExploreReply, style: Style) -> str:
    """The graph as a tree: the memories it starts from, below each what it leads to, every memory once."""
    roots = _roots(reply)
    if not roots:
        return "nothing found"
    lines = []
    for root in roots:
        lines.append(_memory(root.node, style))
        lines += _below(root, style)
    return "\n".join(lines)


def _roots(reply: ExploreReply) -> list[_Branch]:
    """A spanning forest, breadth first, so that a memory hangs on the nearest that leads to it, the strongest first."""
    nodes = {node.id: node for node in reply.nodes}
    beside: dict[str, list[tuple[str, str]]] = {}
    for edge in sorted(reply.edges, key=lambda edge: -edge.weight):
        beside.setdefault(edge.source, []).append((edge.target, link_words(edge.kind)))
        beside.setdefault(edge.target, []).append((edge.source, link_words(edge.kind, incoming=True)))

    def around(memory_id: str) -> Iterator[tuple[str, str]]:
        """The memories next to one, each with what leads to it."""
        for other, by in beside.get(memory_id, []):
            if nodes[other].kind == "memory":
                yield other, by
            else:
                for member, _ in beside[other]:
                    yield member, f"{nodes[other].kind} {nodes[other].label}"

    memories = [node for node in reply.nodes if node.kind == "memory"]
    roots = [_Branch(node) for node in memories if not node.why]
    shown = {root.node.id for root in roots}
    waiting = deque(roots)
    while waiting:
        branch = waiting.popleft()
        for other, by in around(branch.node.id):
            if other not in shown:
                shown.add(other)
                leaf = _Branch(nodes[other])
                branch.links.setdefault(by, []).append(leaf)
                waiting.append(leaf)
    return roots + [_Branch(node) for node in memories if node.id not in shown]


def _below(branch: _Branch, style: Style) -> list[str]:
    return _drawn([(style.accent(by), _leaves(leaves, style)) for by, leaves in branch.links.items()])


def _leaves(leaves: Sequence[_Branch], style: Style) -> list[str]:
    return _drawn([(_memory(leaf.node, style), _below(leaf, style)) for leaf in leaves])


def _drawn(parts: Sequence[tuple[str, list[str]]]) -> list[str]:
    lines = []
    for number, (head, body) in enumerate(parts, 1):
        corner, bar = ("└─ ", "   ") if number == len(parts) else ("├─ ", "│  ")
        lines += [corner + head, *(bar + line for line in body)]
    return lines


def _memory(node: GraphNode, style: Style) -> str:
    parts = [style.good(f"{node.activation:.2f}"), style.bold(node.label), style.accent(node.memory_type or "")]
    if node.personal:
        parts.append(style.accent("personal"))
    if node.verdict not in (None, "current"):
        parts.append(style.verdict(node.verdict))
    if node.superseded_by is not None:
        parts.append(style.warn(f"superseded by {node.superseded_by}"))
    return "  ".join([*parts, style.dim(node.id)])
