"""One function in each measured language, in the states that it may get into, and the rows that follow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.inproc.golden.rows import Row, Step, row, swap

PLACE = "@@"


@dataclass(frozen=True, kw_only=True)
class Specimen:
    """A function in its file, beside another file that it could stand in."""

    language: str
    path: str
    frame: str
    """The file, with a place for the function."""
    other_path: str
    other_frame: str
    code: str
    reformatted: str
    """The same in other clothes: line breaks, indentation, comments."""
    name: str
    renamed: str
    edit: tuple[str, str]
    """A line of it, and what that becomes."""
    owner: str = ""
    """What the function's name is qualified with, with its dot."""
    other_owner: str = ""
    """The same in the other file."""

    @property
    def anchor(self) -> str:
        return f"{self.path}::{self.owner}{self.name}"

    @property
    def edited(self) -> str:
        return swap(self.code, *self.edit)

    def renaming(self, code: str) -> str:
        """This state of the function, under its new name."""
        return code.replace(self.name, self.renamed)

    def here(self, code: str) -> Mapping[str, str]:
        """Both files, the function in its own."""
        return {self.path: swap(self.frame, PLACE, code), self.other_path: swap(self.other_frame, PLACE, "")}

    def there(self, code: str) -> Mapping[str, str]:
        """Both files, the function in the other one."""
        return {self.path: swap(self.frame, PLACE, ""), self.other_path: swap(self.other_frame, PLACE, code)}


PYTHON = Specimen(
    language="Python",
    path="web/session.py",
    frame='''"""Sessions."""

import json

TIMEOUT = 30


def describe(session):
    return json.dumps({"timeout": TIMEOUT, "name": session.name})

@@

def close_all(sessions):
    for session in reversed(sessions):
        session.flush()
        session.close()
    sessions.clear()
''',
    other_path="web/redirects.py",
    other_frame='''"""Redirects."""

PERMANENT = (301, 308)


def is_permanent(status):
    return status in PERMANENT

@@
''',
    code='''
def resolve_redirects(response, limit):
    """Follow a response to where it leads."""
    seen = set()
    target = response.headers.get("location")
    while target and target not in seen:
        seen.add(target)
        if len(seen) > limit:
            raise TooManyRedirects(target)
        response = response.session.send(target, timeout=TIMEOUT)
        target = response.headers.get("location")
    return response
''',
    reformatted="""
def resolve_redirects(
    response,
    limit,
):
    '''Go where a response points to, at most `limit` times.'''

    seen = set()  # no loops
    target = response.headers.get(
        'location'
    )

    while (target and target not in seen):
        seen.add(target)
        # the limit is the caller's
        if len(seen) > limit:
            raise TooManyRedirects(target)
        response = response.session.send(
            target,
            timeout=TIMEOUT,
        )
        target = response.headers.get('location')

    return response
""",
    name="resolve_redirects",
    renamed="follow_redirects",
    edit=("if len(seen) > limit:", "if len(seen) > limit + 1:"),
)

JAVASCRIPT = Specimen(
    language="JavaScript",
    path="src/cart.js",
    frame="""import { round } from "./money.js";

export function emptyCart() {
  return { items: [], coupon: null };
}
@@
export class Basket {
  constructor(owner) {
    this.owner = owner;
  }
}
""",
    other_path="src/totals.js",
    other_frame="""export const VAT = 0.19;

export function withVat(amount) {
  return amount * (1 + VAT);
}
@@
""",
    code="""
export function cartTotal(items, coupon) {
  let total = 0;
  for (const item of items) {
    const price = item.discounted ? item.salePrice : item.price;
    total += price * item.quantity;
  }
  if (coupon && coupon.minimum <= total) {
    total -= total * coupon.rate;
  }
  return Math.round(total * 100) / 100;
}
""",
    reformatted="""
// What the customer pays.
export function cartTotal(
    items,
    coupon,
) {
    let total = 0

    for (const item of items) {
        const price = item.discounted
            ? item.salePrice
            : item.price
        total += price * item.quantity
    }
    /* Coupons come last. */
    if (coupon && coupon.minimum <= total) {
        total -= total * coupon.rate
    }
    return Math.round(total * 100) / 100
}
""",
    name="cartTotal",
    renamed="amountDue",
    edit=("total -= total * coupon.rate;", "total -= Math.min(total, coupon.value);"),
)

TYPESCRIPT = Specimen(
    language="TypeScript",
    path="src/cache.ts",
    frame="""export interface Entry<T> {
  value: T;
  expires: number;
}

export type Loader<T> = (key: string) => Promise<T>;
@@
export function expired(entry: Entry<unknown>): boolean {
  return entry.expires < Date.now();
}
""",
    other_path="src/loading.ts",
    other_frame="""export enum Mode {
  Lazy,
  Eager,
}
@@
""",
    code="""
export async function fetchCached<T>(store: Map<string, Entry<T>>, key: string, load: Loader<T>): Promise<T> {
  const known = store.get(key);
  if (known && known.expires > Date.now()) {
    return known.value;
  }
  const value = await load(key);
  store.set(key, { value, expires: Date.now() + 60_000 });
  for (const [name, entry] of store) {
    if (entry.expires < Date.now()) store.delete(name);
  }
  return value;
}
""",
    reformatted="""
/** Loads once a minute. */
export async function fetchCached<T>(
    store: Map<string, Entry<T>>,
    key: string,
    load: Loader<T>,
): Promise<T> {
    const known = store.get(key)
    if (known && known.expires > Date.now()) {
        return known.value
    }

    const value = await load(key) // may throw
    store.set(key, {
        value,
        expires: Date.now() + 60_000,
    })
    for (const [name, entry] of store) {
        if (entry.expires < Date.now()) store.delete(name)
    }
    return value
}
""",
    name="fetchCached",
    renamed="loadThrough",
    edit=("expires: Date.now() + 60_000 });", "expires: Date.now() + ttl() });"),
)

TSX = Specimen(
    language="TSX",
    path="ui/PriceTag.tsx",
    frame="""import { useState } from "react";

export interface PriceProps {
  amount: number;
  currency: string;
}
@@
export const Spacer = () => <div className="spacer" />;
""",
    other_path="ui/Labels.tsx",
    other_frame="""export const Label = (props: { text: string }) => <label>{props.text}</label>;
@@
""",
    code="""
export const PriceTag = ({ amount, currency }: PriceProps) => {
  const [open, setOpen] = useState(false);
  const shown = amount < 0 ? "sold out" : amount.toFixed(2);
  return (
    <section className="price" onClick={() => setOpen(!open)}>
      <b>{shown}</b>
      <i>{currency.toUpperCase()}</i>
      {open && <Details amount={amount} currency={currency} />}
    </section>
  );
};
""",
    reformatted="""
// One price, with its details on demand.
export const PriceTag = ({
    amount,
    currency,
}: PriceProps) => {
    const [open, setOpen] = useState(false)
    const shown = amount < 0
        ? "sold out"
        : amount.toFixed(2)

    return (
        <section className="price" onClick={() => setOpen(!open)}>
            <b>{shown}</b>
            <i>{currency.toUpperCase()}</i>
            {open && <Details amount={amount} currency={currency} />}
        </section>
    )
}
""",
    name="PriceTag",
    renamed="AmountBadge",
    edit=('"sold out" : amount.toFixed(2);', '"gone" : amount.toFixed(3);'),
)

JAVA = Specimen(
    language="Java",
    path="src/io/Archive.java",
    frame="""package io;

public class Archive {
    private final Index index = new Index();

    public int size() {
        return index.size();
    }
@@
    public void clear() {
        index.drop();
        index.sync(true);
    }
}
""",
    other_path="src/io/Journal.java",
    other_frame="""package io;

public class Journal {
    private long position;
@@
    public long position() {
        return position;
    }
}
""",
    code="""
    public Entry readEntry(Channel channel, long offset) throws IOException {
        Buffer buffer = Buffer.allocate(HEADER);
        channel.position(offset);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                throw new EOFException("truncated at " + offset);
            }
        }
        buffer.flip();
        return Entry.parse(buffer, checksum(buffer));
    }
""",
    reformatted="""
    /** Reads one entry. */
    public Entry readEntry(
        Channel channel,
        long offset
    ) throws IOException
    {
      Buffer buffer = Buffer.allocate(HEADER); // header only
      channel.position(offset);

      while (buffer.hasRemaining())
      {
        if (channel.read(buffer) < 0)
        {
          throw new EOFException("truncated at " + offset);
        }
      }
      buffer.flip();
      return Entry.parse(buffer, checksum(buffer));
    }
""",
    name="readEntry",
    renamed="loadRecord",
    edit=("Buffer buffer = Buffer.allocate(HEADER);", "Buffer buffer = Buffer.direct(HEADER * 2);"),
    owner="Archive.",
    other_owner="Journal.",
)

GO = Specimen(
    language="Go",
    path="queue/queue.go",
    frame="""package queue

import "time"

type Queue struct {
	items []Item
	limit int
}

func New(limit int) *Queue {
	return &Queue{limit: limit}
}
@@
func (q *Queue) Len() int {
	return len(q.items)
}
""",
    other_path="queue/drain.go",
    other_frame="""package queue

const Patience = 3
@@
func idle(d int) bool {
	return d > Patience
}
""",
    code="""
func (q *Queue) DrainInto(sink Sink, deadline time.Time) (int, error) {
	sent := 0
	for _, item := range q.items {
		if time.Now().After(deadline) {
			break
		}
		if err := sink.Accept(item.Key, item.Payload); err != nil {
			return sent, err
		}
		sent++
	}
	q.items = q.items[sent:]
	return sent, nil
}
""",
    reformatted="""
// DrainInto hands over what it can.
func (q *Queue) DrainInto(
	sink Sink,
	deadline time.Time,
) (int, error) {

	sent := 0
	for _, item := range q.items {
		if time.Now().After(deadline) { break }

		/* the first refusal ends it */
		if err := sink.Accept(
			item.Key,
			item.Payload,
		); err != nil {
			return sent, err
		}
		sent++
	}
	q.items = q.items[sent:]
	return sent, nil
}
""",
    name="DrainInto",
    renamed="FlushTo",
    edit=("q.items = q.items[sent:]", "q.items = append([]Item(nil), q.items[sent:]...)"),
    owner="Queue.",
    other_owner="Queue.",
)

RUST = Specimen(
    language="Rust",
    path="src/tokens.rs",
    frame="""use std::collections::HashMap;

pub struct Token {
    pub text: String,
}

pub fn blank(token: &Token) -> bool {
    token.text.trim().is_empty()
}
@@
pub trait Sink {
    fn accept(&mut self, token: Token);
}
""",
    other_path="src/counting.rs",
    other_frame="""pub const COMMON: usize = 100;
@@
pub fn is_common(count: usize) -> bool {
    count > COMMON
}
""",
    code="""
pub fn count_words(lines: &[String], stop: &[&str]) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for line in lines {
        for word in line.split_whitespace() {
            let word = word.to_lowercase();
            if stop.contains(&word.as_str()) {
                continue;
            }
            *counts.entry(word).or_insert(0) += 1;
        }
    }
    counts.retain(|_, count| *count > 1);
    counts
}
""",
    reformatted="""
/// How often each word stands there.
pub fn count_words(
  lines: &[String],
  stop: &[&str],
) -> HashMap<String, usize> {
  let mut counts = HashMap::new();

  for line in lines {
    for word in line.split_whitespace()
    {
      let word = word.to_lowercase(); // as typed
      if stop.contains(&word.as_str()) { continue; }
      *counts
        .entry(word)
        .or_insert(0) += 1;
    }
  }
  counts.retain(|_, count| *count > 1);
  counts
}
""",
    name="count_words",
    renamed="word_frequencies",
    edit=("counts.retain(|_, count| *count > 1);", "counts.retain(|word, count| word.len() > *count);"),
)

SPECIMENS = (PYTHON, JAVASCRIPT, TYPESCRIPT, TSX, JAVA, GO, RUST)


def rows_of(language: Specimen) -> Iterator[Row]:
    s, stored = language, language.here(language.code)
    here, there = f"{s.path}::{s.owner}", f"{s.other_path}::{s.other_owner}"
    file_renamed = s.path.replace(".", "_old.")

    def case(name: str, *steps: Step) -> Row:
        return row(f"{s.language}: {name}", stored, s.anchor, *steps)

    yield case("reformatted and commented", Step("current", s.here(s.reformatted), s.anchor))
    yield case("renamed", Step("moved", s.here(s.renaming(s.code)), f"{here}{s.renamed}"))
    yield case("moved to another file", Step("moved", s.there(s.code), f"{there}{s.name}"))
    yield case(
        "moved to another file and renamed, the body the same",
        Step("moved", s.there(s.renaming(s.code)), f"{there}{s.renamed}"),
    )
    yield case(
        "a line of the body edited, then taken back",
        Step("changed", s.here(s.edited), s.anchor, says="body"),
        Step("current", stored, s.anchor),
    )
    yield case(
        "renamed and a line edited",
        Step("moved+changed", s.here(s.renaming(s.edited)), f"{here}{s.renamed}"),
    )
    yield case("moved to another file and a line edited", Step("moved+changed", s.there(s.edited), f"{there}{s.name}"))
    yield case(
        "renamed, moved to another file and a line edited, all at once",
        Step("moved+changed", s.there(s.renaming(s.edited)), f"{there}{s.renamed}"),
    )
    yield case("its file renamed", Step("moved", {}, f"{file_renamed}::{s.owner}{s.name}", [(s.path, file_renamed)]))
    yield case(
        "copied, then the original deleted",
        Step("current", {**stored, s.other_path: s.there(s.code)[s.other_path]}, s.anchor),
        Step("moved", s.there(s.code), f"{there}{s.name}"),
    )
    yield case(
        "deleted, and back again",
        Step("missing", s.here("")),
        Step("current", stored, s.anchor),
    )


LANGUAGES = [each for language in SPECIMENS for each in rows_of(language)]
