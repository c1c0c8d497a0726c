import { readFileSync } from 'node:fs';

import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';

import { createProgram, setupCommand } from '../../src/cli/program.ts';
import { ERROR_CODES } from '../../src/shared/model/error-codes.ts';
import { exitCodeOf } from '../../src/cli/exit-code.ts';

const DOCS = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');

async function allCommands(): Promise<readonly Command[]> {
  const act = async (): Promise<void> => undefined;
  const program = createProgram({ version: '1.2.3', act, actApart: act, writeOut: () => undefined, width: 80 });
  await Promise.all(program.commands.map((command) => setupCommand(command, act, act)));
  return [program, ...program.commands, ...program.commands.flatMap((command) => command.commands)];
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

/** The part of the page that tells of a command: from its heading or row on, to the next heading. */
function sectionOf(command: Command): string {
  if (command.parent === null) return DOCS;
  const top = command.parent.parent === null ? command : command.parent;
  const start = DOCS.indexOf(`### \`cairn ${top.name()}`);
  const end = DOCS.indexOf('\n#', start + 1);
  return start < 0 ? '' : DOCS.slice(start, end < 0 ? undefined : end);
}

describe('docs/cli.md', () => {
  it('names every command', async () => {
    const missing = (await allCommands()).map(pathOf).filter((path) => !DOCS.includes(`\`${path}`) && path !== 'cairn');

    expect(missing).toEqual([]);
  });

  it('names every option in the part of its command', async () => {
    const missing = (await allCommands()).flatMap((command) =>
      command.options
        .map(({ long, flags }) => ({ long, flags }))
        .filter(({ flags }) => !sectionOf(command).includes(`\`${flags.replace(/^-\w, /, '')}`))
        .map(({ flags }) => `${pathOf(command)} ${flags}`),
    );

    expect(missing).toEqual([]);
  });

  it('names every error code in the row of its exit code', () => {
    const rows = DOCS.split('\n').filter((line) => /^\| \d \|/.test(line));
    const missing = ERROR_CODES.filter(
      (code) => !rows.some((row) => row.startsWith(`| ${exitCodeOf(code)} |`) && row.includes(`\`${code}\``)),
    );

    expect(missing).toEqual([]);
  });
});
