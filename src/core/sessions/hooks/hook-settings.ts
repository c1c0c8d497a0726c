// The entries that Cairn has in another tool's settings: put in and taken out in the text, so that nothing else of the file changes.

import { appendToArray, removeFromArray, setMember } from '../json-text.ts';

/** By these our entries are known again, whichever installation put them there. */
export const HOOK_SCRIPT = 'cairn-hook.mjs';
export const CHECKPOINT_SCRIPT = 'cairn-checkpoint.mjs';
/** What the settings are of a tool that has none. */
export const NO_SETTINGS = '{}\n';

const TIMEOUT_SECONDS = 5;

export interface HookEntry {
  /** The moment that the tool starts it at. */
  readonly event: 'Stop' | 'UserPromptSubmit' | 'PreToolUse';
  /** The tools of the model that it is for; absent for moments that have none. */
  readonly matcher?: string;
  readonly command: string;
}

/** The moments we have entries at, each with the tools of the model that it is for. */
const EVENTS: readonly Omit<HookEntry, 'command'>[] = [
  { event: 'Stop' },
  { event: 'UserPromptSubmit' },
  { event: 'PreToolUse', matcher: 'Bash' },
];

/** The text with the entries, the text itself where all are there already; null where the settings are of no shape that has hooks. */
export function addHooks(text: string, entries: readonly HookEntry[]): string | null {
  let added: string | null = text;
  for (const entry of entries) added = added === null ? null : addHook(added, entry);
  return added;
}

/** The text without any of them; null where none is there. */
export function removeHooks(text: string): string | null {
  let removed: string | null = null;
  for (const { event } of EVENTS) removed = removeHook(removed ?? text, event) ?? removed;
  return removed;
}

/** The entries for these moments, with a command of its own each. */
export function createEntries(commandAt: (event: HookEntry['event']) => string): readonly HookEntry[] {
  return EVENTS.map((moment) => ({ ...moment, command: commandAt(moment.event) }));
}

/** The entries of ours that stand there. */
export function findHooks(text: string): readonly HookEntry[] {
  return EVENTS.flatMap((moment) => {
    const commands = parseSettings(text, moment.event)?.commands.filter(isOwn) ?? [];
    return commands.map((command) => ({ ...moment, command }));
  });
}

function addHook(text: string, { event, matcher, command }: HookEntry): string | null {
  const settings = parseSettings(text, event);
  if (settings === null) return null;
  if (settings.commands.some(isOwn)) return text;
  const element = {
    ...(matcher === undefined ? {} : { matcher }),
    hooks: [{ type: 'command', command, timeout: TIMEOUT_SECONDS }],
  };
  if (settings.hasEvent) return appendToArray(text, ['hooks', event], element);
  if (settings.hasHooks) return setMember(text, ['hooks'], event, [element]);
  return setMember(text, [], 'hooks', { [event]: [element] });
}

function removeHook(text: string, event: HookEntry['event']): string | null {
  const settings = parseSettings(text, event);
  if (settings === null || !settings.commands.some(isOwn)) return null;
  return removeFromArray(text, ['hooks', event], (element) => {
    const commands = commandsOf([element]);
    // What somebody has put beside it is not ours to take out.
    return commands.length > 0 && commands.every(isOwn);
  });
}

function parseSettings(
  text: string,
  name: HookEntry['event'],
): { readonly hasHooks: boolean; readonly hasEvent: boolean; readonly commands: readonly string[] } | null {
  const value = parseObject(text);
  if (value === null) return null;
  const { hooks } = value;
  if (hooks === undefined) return { hasHooks: false, hasEvent: false, commands: [] };
  if (!isObject(hooks)) return null;
  const event = hooks[name];
  if (event === undefined) return { hasHooks: true, hasEvent: false, commands: [] };
  return Array.isArray(event) ? { hasHooks: true, hasEvent: true, commands: commandsOf(event) } : null;
}

function commandsOf(elements: readonly unknown[]): string[] {
  return elements
    .filter(isObject)
    .flatMap(({ hooks }) => (Array.isArray(hooks) ? hooks : []))
    .filter(isObject)
    .flatMap(({ command }) => (typeof command === 'string' ? [command] : []));
}

function isOwn(command: string): boolean {
  return command.includes(HOOK_SCRIPT) || command.includes(CHECKPOINT_SCRIPT);
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null; // being written just now, or no JSON
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
