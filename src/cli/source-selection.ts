// Which of the sources found here are captured: an explicit choice, never a default (nothing is captured before it is made).

import { AppError } from '../shared/model/app-error.ts';
import { parseSourceId, type SourceId } from '../shared/model/ids.ts';
import type { FoundSource } from './core.ts';
import { joinWords } from './format/amounts.ts';
import { renderTable, type Cell } from './format/table.ts';
import type { Style } from './output.ts';
import type { Prompter } from './terminal/prompter.ts';

/** Reads `all`, `none`, or ids separated by commas. @throws AppError USAGE_INVALID, naming the sources there are */
export function parseSources(text: string, found: readonly FoundSource[]): readonly SourceId[] {
  const words = text.split(',').map((word) => word.trim());
  if (words.length === 1 && words[0] === 'all') return found.map(({ id }) => id);
  if (words.length === 1 && words[0] === 'none') return [];
  const known = new Set<string>(found.map(({ id }) => id));
  if (words.some((word) => !known.has(word))) {
    throw new AppError('USAGE_INVALID', '--sources names a source that there is not.', {
      hint: `Give all, none, or some of ${joinWords([...known])}, separated by commas.`,
    });
  }
  return [...new Set(words)].map((word) => parseSourceId(word));
}

/** Asks which sources to capture. All are off until they are chosen. */
export async function askSources(
  found: readonly FoundSource[],
  prompter: Prompter,
  style: Style,
): Promise<readonly SourceId[]> {
  const chosen = new Set<SourceId>();
  for (;;) {
    for (const line of renderChoices(found, chosen, style)) prompter.say(line);
    const answer = (await prompter.ask('Numbers to turn on or off, `all`, `none`, or Enter when it is right: ')).trim();
    if (answer === '') return found.filter(({ id }) => chosen.has(id)).map(({ id }) => id);
    const problem = toggle(answer, found, chosen);
    if (problem !== null) prompter.say(style.yellow(problem));
  }
}

function toggle(answer: string, found: readonly FoundSource[], chosen: Set<SourceId>): string | null {
  if (answer === 'all') {
    for (const { id } of found) chosen.add(id);
    return null;
  }
  if (answer === 'none') {
    chosen.clear();
    return null;
  }
  const words = answer.split(/[\s,]+/).filter((word) => word !== '');
  const ids = words.map((word) => found.find(({ id }, at) => id === word || String(at + 1) === word)?.id);
  if (ids.includes(undefined)) return `Please answer with numbers from 1 to ${found.length}, such as 1,3.`;
  for (const id of ids) {
    if (id === undefined) continue;
    if (chosen.has(id)) chosen.delete(id);
    else chosen.add(id);
  }
  return null;
}

function renderChoices(found: readonly FoundSource[], chosen: ReadonlySet<SourceId>, style: Style): string[] {
  const rows = found.map((source, at): Cell[] => [
    chosen.has(source.id) ? { text: `[x] ${at + 1}`, paint: style.green } : `[ ] ${at + 1}`,
    { text: source.title, paint: source.isPresent ? style.bold : style.dim },
    { text: source.summary, paint: style.dim },
  ]);
  return ['', ...renderTable([{ title: '' }, { title: '' }, { title: '' }], rows).map((line) => `  ${line}`), ''];
}
