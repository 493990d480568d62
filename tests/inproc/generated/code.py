"""Functions that are unlike each other, written down once and rendered in several languages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

Body = tuple[str, ...]
"""A function without its name: the names of its parameters in the first line, then one statement a line."""

_BODIES = """
account ledger rate
total = ledger.opening(account)
for posting in account.postings:
    if posting.amount > ledger.ceiling:
        audit.flag(posting, "over ceiling")
    total = total + posting.amount * rate
ledger.close(account, total)
return total

graph source goal
frontier = heap.of(source)
while frontier.size() > 0:
    node = frontier.pop()
    if node == goal:
        return node.trail()
    for edge in graph.edges(node):
        frontier.push(edge.head, edge.cost)
return graph.nowhere()

raw charset
text = codec.decode(raw, charset)
parts = text.split(":")
if parts.count() < 2:
    errors.report("malformed header", text)
    return header.absent
key = parts.first().strip()
value = parts.last().strip()
return header.build(key, value)

image width height
scale = width / image.columns
canvas = pixels.blank(width, height)
for y in pixels.range(height):
    for x in pixels.range(width):
        canvas.put(x, y, image.at(x / scale, y / scale))
palette.reduce(canvas, 256)
return canvas.freeze()

socket timeout
deadline = clock.now() + timeout
reply = buffer.empty
while reply.complete == 0:
    if clock.now() > deadline:
        socket.abort("timed out")
        return reply
    reply.extend(socket.receive(4096))
socket.acknowledge(reply.checksum())
return reply

user password
stored = vault.hash_of(user.login)
if stored.algorithm != "argon2":
    upgrade.schedule(user)
if stored.matches(password):
    user.failures = 0
    return tokens.issue(user, 3600)
user.failures = user.failures + 1
lockout.consider(user)
return tokens.none

recipe pantry guests
shopping = basket.fresh()
factor = guests / recipe.servings
for ingredient in recipe.ingredients:
    needed = ingredient.grams * factor
    owned = pantry.weigh(ingredient.label)
    if owned < needed:
        shopping.add(ingredient.label, needed - owned)
return shopping.sorted("aisle")

matrix
pivot = 0
for row in matrix.rows:
    best = row.largest(pivot)
    matrix.swap(row, best)
    row.divide(row.cell(pivot))
    for below in matrix.under(row):
        below.subtract(row, below.cell(pivot))
    pivot = pivot + 1
return matrix.triangle

song tempo
beats = metronome.ticks(song.seconds, tempo)
previous = chord.silence
for beat in beats:
    current = song.chord(beat)
    if current != previous:
        midi.note_off(previous.pitches)
        midi.note_on(current.pitches, 90)
    previous = current
midi.note_off(previous.pitches)
return midi.track()

patient scans threshold
suspicious = findings.make(patient.number)
for scan in scans:
    density = radiology.measure(scan.voxels, "lung")
    if density > threshold:
        suspicious.attach(scan.series, density)
if suspicious.total() > 3:
    pager.call("radiologist", suspicious)
return suspicious

branch remote
local = refs.tip(branch)
theirs = remote.fetch(branch)
base = commits.ancestor(local, theirs)
if base == theirs:
    return outcome.up_to_date
if base == local:
    refs.fast_forward(branch, theirs)
    return outcome.forwarded
return merge.three_way(base, local, theirs)

train stations
position = train.kilometre
delay = 0
for stop in stations.after(position):
    arrival = timetable.lookup(train.line, stop)
    delay = delay + signals.expected_wait(stop)
    displays.show(stop, arrival + delay)
train.announce(delay)
return delay

garden forecast
litres = 0
for bed in garden.beds:
    dryness = bed.sensor.moisture(12)
    litres = litres + dryness * bed.area
if forecast.rain(24) > 5:
    litres = litres / 2
pump.run(litres, "drip")
diary.write(garden.label, litres)
return litres

document language
words = tokenizer.tokens(document.body)
index = postings.open(language)
number = 0
for word in words:
    stem = stemmer.reduce(word, language)
    index.append(stem, document.identity, number)
    number = number + 1
index.flush()
return index.statistics()

deck players
dealt = 0
deck.shuffle(entropy.seed())
while dealt < 5:
    for player in players:
        player.hand.take(deck.top())
    dealt = dealt + 1
first = players.left_of(deck.dealer)
return rounds.begin(first, deck.remainder)

orbit satellite step
anomaly = orbit.mean_anomaly(satellite.epoch)
kepler = anomaly
for attempt in counting.to(7):
    kepler = anomaly + orbit.eccentricity * trig.sine(kepler)
radius = orbit.axis * (1 - orbit.eccentricity * trig.cosine(kepler))
velocity = physics.vis_viva(radius, orbit.axis)
return satellite.advance(radius, velocity, step)
"""

BODIES: tuple[Body, ...] = tuple(tuple(text.splitlines()) for text in _BODIES.strip().split("\n\n"))


@dataclass(frozen=True, kw_only=True)
class Syntax:
    """How a language writes what the bodies hold."""

    language: str
    suffix: str
    function: str
    method: str = ""
    parameter: str
    before_parameters: str = ""
    declare: str
    end: str = ";"
    loop: str
    condition: str
    repeat: str
    block: tuple[str, str] = (" {", "}")
    comment: str = "//"
    head: str = ""
    owner: str = ""
    """What opens the type around methods, or nothing where the generated files have functions only."""


PYTHON = Syntax(
    language="Python",
    suffix="py",
    function="def {name}({parameters})",
    method="def {name}(self, {parameters})",
    parameter="{name}",
    declare="{name} = {value}",
    end="",
    loop="for {name} in {value}",
    condition="if {value}",
    repeat="while {value}",
    block=(":", ""),
    comment="#",
    owner="class {name}",
)
JAVASCRIPT = Syntax(
    language="JavaScript",
    suffix="js",
    function="export function {name}({parameters})",
    method="{name}({parameters})",
    parameter="{name}",
    declare="let {name} = {value}",
    loop="for (const {name} of {value})",
    condition="if ({value})",
    repeat="while ({value})",
    owner="export class {name}",
)
JAVA = Syntax(
    language="Java",
    suffix="java",
    function="",
    method="Object {name}({parameters})",
    parameter="Item {name}",
    declare="var {name} = {value}",
    loop="for (var {name} : {value})",
    condition="if ({value})",
    repeat="while ({value})",
    head="package shop;\n\n",
    owner="class {name}",
)
GO = Syntax(
    language="Go",
    suffix="go",
    function="func {name}({parameters}) any",
    parameter="{name} Item",
    declare="{name} := {value}",
    end="",
    loop="for _, {name} := range {value}",
    condition="if {value}",
    repeat="for {value}",
    head="package shop\n\n",
)
RUST = Syntax(
    language="Rust",
    suffix="rs",
    function="pub fn {name}({parameters}) -> Item",
    method="pub fn {name}(&self, {parameters}) -> Item",
    parameter="{name}: &Item",
    declare="let mut {name} = {value}",
    loop="for {name} in {value}",
    condition="if {value}",
    repeat="while {value}",
    head="use shop::prelude;\n\n",
    owner="impl {name}",
)
SYNTAXES = (PYTHON, JAVASCRIPT, JAVA, GO, RUST)

_STATEMENT = re.compile(
    r"for (?P<loop>\w+) in (?P<over>.*):|if (?P<if>.*):|while (?P<while>.*):|(?P<name>\w+) = (?P<value>.*)|(?P<rest>.*)"
)
DRESSES = 3


def render(syntax: Syntax, owner: str, functions: Sequence[tuple[str, Body]], dress: int) -> str:
    """The text of a file.

    Args:
        syntax: of its language.
        owner: the type that holds the functions as methods; nothing for free functions.
        functions: names and bodies.
        dress: which of `DRESSES` formats it is in; what they mean is the same.
    """
    step = (4, 2, 3)[dress]
    lines: list[str] = []
    for name, body in functions:
        lines += ["", f"{syntax.comment} Says what {name} is for."] if dress else [""]
        lines += _function(syntax, name, body, dress, step, bool(owner))
    if owner:
        opening, closing = syntax.block
        inside = [" " * step + line if line else "" for line in lines]
        if not functions and not closing:
            inside = [" " * step + "pass"]
        lines = [syntax.owner.format(name=owner) + opening, *inside, closing]
    return f"{syntax.head}{syntax.comment} Generated.\n" + "\n".join(lines) + "\n"


def _function(syntax: Syntax, name: str, body: Body, dress: int, step: int, in_type: bool) -> list[str]:
    opening, closing = syntax.block
    parameters = body[0].split()
    comma = ", " if dress < 2 else ",\n" + " " * 2 * step
    header = (syntax.method if in_type else syntax.function).format(
        name=name, parameters=comma.join(syntax.parameter.format(name=each) for each in parameters)
    )
    lines = (header + opening).split("\n")
    declared = set(parameters)
    depth = 0
    for statement in body[1:]:
        now = (len(statement) - len(statement.lstrip())) // 4
        lines += _closings(closing, depth, now, step)
        depth = now
        text = " " * step * (depth + 1) + _statement(syntax, statement.strip(), declared)
        if dress == 1 and text.lstrip().startswith(("return", "for")):
            lines += ["", " " * step * (depth + 1) + f"{syntax.comment} as agreed"]
        lines.append(text + (f"  {syntax.comment} {len(lines)}" if dress == 2 and not depth else ""))
    return lines + _closings(closing, depth, -1, step)


def _closings(closing: str, depth: int, to: int, step: int) -> list[str]:
    return [" " * step * level + closing for level in range(depth, to, -1)] if closing else []


def _statement(syntax: Syntax, statement: str, declared: set[str]) -> str:
    found = _STATEMENT.fullmatch(statement)
    assert found is not None
    opening = syntax.block[0]
    if found["loop"]:
        return syntax.loop.format(name=found["loop"], value=found["over"]) + opening
    if found["if"]:
        return syntax.condition.format(value=found["if"]) + opening
    if found["while"]:
        return syntax.repeat.format(value=found["while"]) + opening
    if found["name"] and found["name"] not in declared:
        declared.add(found["name"])
        return syntax.declare.format(name=found["name"], value=found["value"]) + syntax.end
    return statement + syntax.end


def edited(body: Body, number: int) -> Body:
    """The body with one line more, which no other edit writes."""
    at = 1 + number % (len(body) - 2)
    line = body[at]
    indent = line[: len(line) - len(line.lstrip())]
    return *body[:at], f'{indent}trace{number}.mark("{number}")', *body[at:]
