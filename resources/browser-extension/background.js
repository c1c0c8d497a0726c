// Keeps a connection to Cairn's helper program and says, at most once a second, what is open. Opens and closes tabs when Cairn asks, which only
// a restore does. Sends nothing anywhere else and runs no code from outside.

import { messageOf, Restorer } from './restore.js';
import { factsOf, takeSnapshot, TabMarks } from './snapshot.js';

/** @import { WindowToOpen } from './restore.js' */
/** @import { Port, TabChange } from './webextension.d.ts' */

/**
 * What Cairn may ask for; what a command says wrong the browser refuses.
 * @typedef {{ instance: string, name: 'open-window', window: WindowToOpen }
 *   | { instance: string, name: 'close-tab', tab: number }} Command
 */

const HOST = 'dev.cairn.browser';
const PROTOCOL = 1;
const QUIET_MS = 1_000;
/** After a connection broke off; longer each time where none comes about, since the helper program may not be set up. */
const RECONNECT_MS = 10_000;
const MAX_RECONNECT_MS = 80_000;
const INSTANCE = 'instance';

const api = typeof browser === 'undefined' ? chrome : browser;
const marks = new TabMarks(api);
const restorer = new Restorer(api);

/** @type {Port | null} */
let port = null;
let triedAtMs = Number.NEGATIVE_INFINITY;
let waitMs = 0;
/** What was said last, over which connection. */
/** @type {{ port: Port, facts: string } | null} */
let said = null;
let isScheduled = false;
let posting = Promise.resolve();
/** @type {Promise<string> | null} */
let knownInstance = null;

function connect() {
  if (port !== null || Date.now() - triedAtMs < waitMs) return;
  triedAtMs = Date.now();
  const opened = api.runtime.connectNative(HOST);
  port = opened;
  let hasAnswered = false;
  opened.onMessage.addListener((message) => {
    hasAnswered = true;
    void answer(opened, message);
  });
  opened.onDisconnect.addListener(() => {
    // Read, or Chromium prints it: that the program is missing is no error of this extension.
    void api.runtime.lastError;
    port = null;
    waitMs = hasAnswered ? RECONNECT_MS : Math.min(MAX_RECONNECT_MS, Math.max(RECONNECT_MS, waitMs * 2));
    // Else the next event tries again: a timer would keep the extension awake for nothing.
    if (hasAnswered) setTimeout(connect, RECONNECT_MS);
  });
  void introduce(opened);
}

/**
 * The probe is new each time and stands in this profile's storage, where Cairn finds it: so it knows which profile speaks.
 * @param {Port} opened
 */
async function introduce(opened) {
  const probe = crypto.randomUUID();
  await api.storage.local.set({ probe });
  post(opened, {
    type: 'hello',
    protocol: PROTOCOL,
    version: api.runtime.getManifest().version,
    probe,
    instance: await instance(),
  });
  await postSnapshot();
}

/** Names this run of the browser: ids of tabs mean nothing in another. */
function instance() {
  knownInstance ??= findInstance();
  return knownInstance;
}

async function findInstance() {
  const stored = (await api.storage.session.get(INSTANCE))[INSTANCE];
  if (typeof stored === 'string') return stored;
  const made = crypto.randomUUID();
  await api.storage.session.set({ [INSTANCE]: made });
  return made;
}

function schedule() {
  connect();
  if (port === null || isScheduled) return;
  isScheduled = true;
  setTimeout(() => void postSnapshot(), QUIET_MS);
}

/** One after the other: two at once could name a tab twice, or say the older last. */
function postSnapshot() {
  isScheduled = false;
  posting = posting.then(postNow);
  return posting;
}

async function postNow() {
  try {
    const snapshot = await takeSnapshot(api, marks);
    const facts = factsOf(snapshot);
    if (port === null || (said?.port === port && said.facts === facts)) return;
    said = { port, facts };
    post(port, snapshot);
  } catch {
    // A window was closed while it was read, which is an event itself.
    schedule();
  }
}

/**
 * @param {Port} opened
 * @param {unknown} message
 */
async function answer(opened, message) {
  const asked = /** @type {{ type?: unknown, request?: unknown, command?: Command }} */ (message);
  const { type, request, command } = asked;
  if (type !== 'command' || typeof request !== 'number' || command === undefined) return;
  const result = await obey(command).then(
    (value) => ({ ok: true, value }),
    (/** @type {unknown} */ error) => ({ ok: false, error: messageOf(error) }),
  );
  // Before the result: who has it and looks must see what was opened or closed, or would open it once more.
  await postSnapshot();
  post(opened, { type: 'result', request, ...result });
  schedule();
}

/** @param {Command} command */
async function obey(command) {
  if (command.instance !== (await instance())) throw new Error('the browser was started anew in between');
  if (command.name === 'open-window') return restorer.openWindow(command.window);
  if (command.name === 'close-tab') return restorer.closeTab(command.tab);
  throw new Error('this extension is older than Cairn');
}

/**
 * @param {Port} opened
 * @param {object} message
 */
function post(opened, message) {
  try {
    opened.postMessage(message);
  } catch {
    // The port was closed in between; the reconnection says everything anew.
  }
}

/** @param {TabChange} change */
function matters(change) {
  return (
    change.status === 'complete' ||
    ['url', 'title', 'pinned', 'groupId', 'discarded'].some((name) => Object.hasOwn(change, name))
  );
}

for (const event of [api.runtime.onStartup, api.runtime.onInstalled]) event.addListener(connect);
for (const event of [
  api.tabs.onCreated,
  api.tabs.onRemoved,
  api.tabs.onMoved,
  api.tabs.onActivated,
  api.tabs.onAttached,
  api.tabs.onDetached,
  api.tabs.onReplaced,
  api.windows.onCreated,
  api.windows.onRemoved,
  api.windows.onBoundsChanged,
  api.tabGroups?.onCreated,
  api.tabGroups?.onUpdated,
  api.tabGroups?.onRemoved,
  api.tabGroups?.onMoved,
]) {
  event?.addListener(schedule);
}
api.tabs.onUpdated.addListener((id, change, tab) => {
  void restorer.noteUpdate(id, change, tab);
  if (matters(change)) schedule();
});
connect();
