// Asks a running Cairn for a checkpoint before something that may destroy work: an agent's run, and commands of git that throw changes
// away. Started by AI tools (`node cairn-checkpoint.mjs TOOL DATA-FOLDER`, the event as JSON on stdin) and by git's own hook
// (`... git DATA-FOLDER rebase`). It prints nothing and always ends with 0: nothing may fail or wait for long because of it. Without a
// running app, or with its vault locked, it does nothing.

import { spawn } from 'node:child_process';
import { basename, isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';

import { call, findApp, isCairn, readInput } from './app.mjs';

const MAX_EVENT_BYTES = 4 * 1024 * 1024;
const WAIT_AT_MOST_MS = 4_000;
const ASK_WITHIN_MS = 20_000;
const TAG = 'automatic';
/** One long run asks again and again: a checkpoint of its own would not tell anything new. */
const RUN_ONCE_IN_MS = 10 * 60_000;
const GIT_ONCE_IN_MS = 5_000;
const MAX_NAME = 100;
const TITLES = { 'claude-code': 'Claude Code', codex: 'Codex' };
/** Commands of git after which changes are gone, or commits are in no branch. */
const GIT_RISK =
  /\bgit\b(?:\s+-{1,2}[^\s;&|]+(?:[= ][^\s;&|-][^\s;&|]*)?)*\s+(rebase|reset|clean|restore|checkout\s+(?:-f|--force|--|\.)|stash\s+(?:drop|clear)|branch\s+-D|filter-branch)(?![\w-])/;

/** Started with this, it is a process that nobody waits for. */
const ALONE = '--alone';

const isAlone = process.argv[2] === ALONE;
const [tool = '', home = '', ...rest] = process.argv.slice(isAlone ? 3 : 2);
const end = () => process.exit(0);
process.on('uncaughtException', end);
process.on('unhandledRejection', end);
setTimeout(end, isAlone ? ASK_WITHIN_MS : WAIT_AT_MOST_MS).unref();

const app = findApp(home);
if (app !== null) {
  if (isAlone) await ask(app, { name: rest[0] ?? '', onceInMs: Number(rest[1]) });
  else if (tool === 'git')
    await ask(app, { name: nameOf(`git ${rest[0] ?? ''}`, process.cwd()), onceInMs: GIT_ONCE_IN_MS });
  else await answerTool(app, await readInput(MAX_EVENT_BYTES));
}
end();

async function answerTool(running, input) {
  const event = input === null ? null : JSON.parse(input.toString('utf8'));
  const title = TITLES[tool];
  if (title === undefined || event === null) return;
  const { cwd, hook_event_name: moment, tool_input: call } = event;
  const folder = typeof cwd === 'string' && isAbsolute(cwd) ? cwd : '';
  // The model thinks for longer than a checkpoint takes, so the person need not wait for it.
  if (moment === 'UserPromptSubmit') handOver(nameOf(`${title} runs`, folder));
  if (moment !== 'PreToolUse') return;
  const command = Array.isArray(call?.command) ? call.command.join(' ') : call?.command;
  const risk = typeof command === 'string' ? GIT_RISK.exec(command.slice(0, 20_000)) : null;
  const verb = risk?.[1]?.split(/\s/)[0];
  if (verb !== undefined)
    await ask(running, { name: nameOf(`${title} runs git ${verb}`, folder), onceInMs: GIT_ONCE_IN_MS });
}

function handOver(name) {
  const own = fileURLToPath(import.meta.url);
  const child = spawn(process.execPath, [own, ALONE, tool, home, name, String(RUN_ONCE_IN_MS)], {
    detached: true,
    windowsHide: true,
    stdio: 'ignore',
  });
  child.unref();
}

async function ask({ port, token }, { name, onceInMs }) {
  const withinMs = isAlone ? ASK_WITHIN_MS : WAIT_AT_MOST_MS;
  if (!(await isCairn({ port, token }, withinMs))) return;
  const { checkpoints } = await call(port, { method: 'GET', path: '/api/checkpoints', token, withinMs });
  if (!Array.isArray(checkpoints)) return; // locked
  const isFresh = (one) =>
    one.name === name && one.tags.includes(TAG) && Date.now() - Date.parse(one.createdAt) < onceInMs;
  if (checkpoints.some(isFresh)) return;
  const body = { name, tags: [TAG], priority: 'low' };
  await call(port, { method: 'POST', path: '/api/checkpoints', token, body, withinMs });
}

/** Folders may have any name. */
function nameOf(what, folder) {
  const place = basename(folder).replaceAll(/\p{C}/gu, '').slice(0, MAX_NAME).trim();
  return `Before ${what}${place === '' ? '' : ` in ${place}`}`;
}
