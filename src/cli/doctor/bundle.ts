// What somebody who helps needs to know, as a text that can be read before it is sent: versions, checks, sizes and modes. No word that was
// captured, no path, no name of a person, a folder or a machine.

import { toIso } from '../format/times.ts';
import type { Check } from './checks.ts';
import type { Surroundings } from './look-around.ts';

export function renderBundle(facts: Surroundings, checks: readonly Check[]): string {
  const { settings } = facts;
  return [
    'Cairn, what a helper needs to know. Read it before you send it: it holds nothing of what was captured, no path and no name.',
    '',
    `made      ${toIso(facts.nowMs)}`,
    `cairn     ${facts.version}`,
    `platform  ${facts.platform}, Node ${facts.node}, SQLite ${facts.sqlite.version}`,
    `format    ${facts.format.found ?? 'unreadable'} of ${facts.format.known}`,
    `sources   ${settings.enabled.join(', ') || 'none'}`,
    '',
    'Checks',
    ...checks.map(({ name, state, detail }) => `  ${state.padEnd(8)} ${name.padEnd(14)} ${detail}`),
    '',
    'Files of the data folder',
    ...facts.files.map(
      ({ name, sizeBytes, mode, modifiedAtMs }) =>
        `  ${name.padEnd(18)} ${String(sizeBytes).padStart(14)} bytes  ${mode.toString(8).padStart(3)}  ${toIso(modifiedAtMs)}`,
    ),
    `  others             ${String(facts.otherFiles).padStart(14)}`,
    '',
  ].join('\n');
}
