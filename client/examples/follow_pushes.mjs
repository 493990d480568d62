// Follow what the daemon pushes, over bare sockets: `node follow_pushes.mjs ADDRESS FOLDER [FILE …]`.
//
// Needs `npm install zeromq@6`. ADDRESS is what `recall status --json` calls `socket`, with `ipc://` before it. Prints one
// line for each push, and asks for the contexts of the files whose pushes it missed.

import { Dealer, Subscriber } from "zeromq";

const [address, folder, ...files] = process.argv.slice(2);
const requests = new Dealer({ linger: 0, receiveTimeout: 30_000 });
const pushes = new Subscriber({ linger: 0 });
requests.connect(address);
let asked = 0;

// One request; its whole answer, which names workspace and tree.
async function ask(method, params = {}) {
  asked += 1;
  await requests.send(JSON.stringify({ protocol: 1, id: asked, method, tree: folder, params }));
  for (;;) {
    const answer = JSON.parse((await requests.receive()).at(-1));
    if (answer.id !== asked) continue; // the answer to one that was given up
    if (answer.error) throw new Error(`${answer.error.code}: ${answer.error.message}`);
    return answer;
  }
}

const { workspace_id: workspace, tree_id: tree } = await ask("list", { limit: 1 });
const prefix = `${workspace}/${tree}/`;
const wanted = new Set(files.map((file) => prefix + file));
pushes.connect((await ask("hello")).result.events);
for (const topic of wanted.size ? wanted : [`${workspace}/`]) pushes.subscribe(topic);
pushes.subscribe("daemon"); // the last: its heartbeat says that all the others are heard

const concerns = (name) => (wanted.size ? wanted.has(name) : name.startsWith(prefix));
let [epoch, published, seen] = ["", 0, new Map()];
for await (const [name, body] of pushes) {
  const [topic, event] = [name.toString(), JSON.parse(body)];
  const missed = new Set();
  if (event.epoch !== epoch) {
    for (const each of seen.keys()) missed.add(each);
    [epoch, published, seen] = [event.epoch, 0, new Map()];
  }
  if (event.event === "heartbeat") {
    for (const [each, seq] of Object.entries(event.topics)) {
      if (published && seq > (seen.get(each) ?? 0) && concerns(each)) missed.add(each);
      seen.set(each, seq);
    }
    if (published === 0) console.log("listening");
    else if (event.complete_since > published) for (const each of seen.keys()) missed.add(each); // may have dropped out
    published = Math.max(event.published, 1);
  } else if (topic !== "daemon") {
    if (wanted.size && !wanted.has(topic)) continue; // a longer name with the same beginning
    if (seen.has(topic) && event.seq > seen.get(topic) + 1) missed.add(topic);
    seen.set(topic, event.seq);
    console.log(event.event, event.file_path || event.title || "", event.verdict ?? event.change ?? event.cause ?? event.done);
  }
  for (const each of missed) {
    const file = each.startsWith(prefix) ? each.slice(prefix.length) : "";
    if (file) console.log("missed", file, (await ask("context", { file_path: file })).result.stale, "stale");
  }
}
