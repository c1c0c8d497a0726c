// The one entry that Cairn has in another tool's settings: put in and taken out in the text, so that nothing else of the file changes.

import { appendToArray, removeFromArray, setMember } from '../json-text.ts';

/** By this the entry is known again, whichever installation put it there. */
export const HOOK_SCRIPT = 'cairn-hook.mjs';
/** The end of a turn. */
const EVENT = 'Stop';
const TIMEOUT_SECONDS = 5;

/** The text with the entry, the text itself where it is there already; null where the settings are of no shape that has hooks. */
export function addHook(text: string, command: string): string | null {
  const settings = parseSettings(text);
  if (settings === null) return null;
  if (settings.commands.some(isOwn)) return text;
  const element = { hooks: [{ type: 'command', command, timeout: TIMEOUT_SECONDS }] };
  if (settings.hasEvent) return appendToArray(text, ['hooks', EVENT], element);
  if (settings.hasHooks) return setMember(text, ['hooks'], EVENT, [element]);
  return setMember(text, [], 'hooks', { [EVENT]: [element] });
}

/** The text without it; null where it is not there. */
export function removeHook(text: string): string | null {
  const settings = parseSettings(text);
  if (settings === null || !settings.commands.some(isOwn)) return null;
  return removeFromArray(text, ['hooks', EVENT], (element) => {
    const commands = commandsOf([element]);
    // What somebody has put beside it is not ours to take out.
    return commands.length > 0 && commands.every(isOwn);
  });
}

/** The command that stands there; null where none of ours does. */
export function findHook(text: string): string | null {
  return parseSettings(text)?.commands.find(isOwn) ?? null;
}

/** What the settings are of a tool that has none. */
export const NO_SETTINGS = '{}\n';

function parseSettings(
  text: string,
): { readonly hasHooks: boolean; readonly hasEvent: boolean; readonly commands: readonly string[] } | null {
  const value = parseObject(text);
  if (value === null) return null;
  const { hooks } = value;
  if (hooks === undefined) return { hasHooks: false, hasEvent: false, commands: [] };
  if (!isObject(hooks)) return null;
  const event = hooks[EVENT];
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
  return command.includes(HOOK_SCRIPT);
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
