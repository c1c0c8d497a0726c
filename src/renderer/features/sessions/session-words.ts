// How a session is told of in words. Pure.

import type { SessionView } from '../../../shared/contract/sessions.ts';
import { plural } from '../../components/format.ts';

const TOOL_NAMES: Readonly<Record<string, string>> = {
  'claude-code': 'Claude Code',
  codex: 'Codex',
  gemini: 'Gemini CLI',
  opencode: 'OpenCode',
  'copilot-cli': 'Copilot CLI',
  chat: 'cairn chat',
  agents: 'agents/sessions',
  api: 'pushed',
};

export function toolName(tool: string): string {
  return TOOL_NAMES[tool] ?? tool;
}

/** What is special about it, each as a short word. */
export function marksOf({ pinned, live, originGone, status, details }: SessionView): readonly string[] {
  return [
    ...(live ? ['open now'] : []),
    ...(pinned ? ['pinned'] : []),
    ...(originGone ? ['only copy'] : []),
    ...(status === null ? [] : [status]),
    ...(details['isUnreadable'] === true ? ['unreadable now'] : []),
  ];
}

/** How far it is, where it says so: `build, 3 of 5 checkpoints`. */
export function progressOf({ details }: SessionView): string | null {
  const { phase, progress } = details;
  const words = typeof phase === 'string' ? [phase] : [];
  if (typeof progress === 'object' && progress !== null && !Array.isArray(progress)) {
    const { done, total } = progress as { readonly done?: unknown; readonly total?: unknown }; // read with care below
    if (typeof done === 'number' && typeof total === 'number') words.push(`${done} of ${plural(total, 'checkpoint')}`);
  }
  return words.length === 0 ? null : words.join(', ');
}

/** What deleting it means, as a sentence. */
export function deletionWords({ captured, tool, originGone }: SessionView): string {
  if (captured)
    return 'It leaves this list. The conversation stays in the snapshots that hold it, and is listed again once it goes on.';
  if (tool === 'agents' && !originGone)
    return 'It leaves this list; its folder stays as it is, and is listed again once it changes.';
  if (originGone) return 'This is the only copy: its messages are gone for good.';
  return 'Its messages are gone for good.';
}
