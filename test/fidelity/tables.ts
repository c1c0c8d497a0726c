// The result as Markdown: a line for each source, what is not as it was and why, and the comparison on the tmux workspace.

import { cpus, release, totalmem } from 'node:os';

import type { Aspect, Comparison, Verdict } from './compare-items.ts';
import type { RestoreSteps } from './fidelity-workspace.ts';
import type { StartedPrograms } from './real-programs.ts';

export interface FidelityResult {
  readonly programs: StartedPrograms;
  readonly report: RestoreSteps;
  readonly cairn: Comparison;
  readonly peers: readonly PeerResult[];
}

/** What another tool brought back of the tmux items, or why it was not run. */
export type PeerResult = { readonly name: string } & (
  | { readonly comparison: Comparison }
  | { readonly missing: string }
);

export function renderTables({ programs, report, cairn, peers }: FidelityResult): string {
  const sources = [...new Set(cairn.verdicts.map(({ source }) => source))];
  const tmux = cairn.verdicts.filter(({ source }) => source === 'tmux');
  return [
    `Linux ${release()}, ${cpus().length} cores, ${Math.round(totalmem() / 1024 ** 3)} GiB; ${programs.running.length} programs: ${programs.running.join(', ')}.`,
    ...(programs.missing.length === 0 ? [] : [`Not installed, so left out: ${programs.missing.join(', ')}.`]),
    '',
    '| source | captured | restored | back by itself | not as it was | there beyond what was captured |',
    '| --- | --- | --- | --- | --- | --- |',
    ...sources.map((source) => renderSource(source, (item) => item.source === source, { report, cairn })),
    renderSource('all', () => true, { report, cairn }),
    '',
    ...renderDifferences('Not as it was', cairn.verdicts, report),
    ...renderExtra(cairn),
    'The same tmux workspace:',
    '',
    '| | captured | in its place | with its program | with its text | restored |',
    '| --- | --- | --- | --- | --- | --- |',
    renderPeer('Cairn', tmux),
    ...peers.map((peer) =>
      'missing' in peer
        ? `| ${peer.name} | not run: ${peer.missing} |`
        : renderPeer(peer.name, peer.comparison.verdicts),
    ),
    '',
    ...peers.flatMap((peer) =>
      'missing' in peer
        ? []
        : renderDifferences(`Not as it was with ${peer.name}`, peer.comparison.verdicts, { steps: [] }),
    ),
  ].join('\n');
}

function renderSource(
  name: string,
  isOf: (item: { readonly source: string }) => boolean,
  { report, cairn }: Pick<FidelityResult, 'report' | 'cairn'>,
): string {
  const own = cairn.verdicts.filter(isOf);
  // What the restore did not do: it had never gone, or its program brought it back once it was started.
  const left = new Set(report.steps.filter(({ status }) => status === 'skipped').map(({ key }) => key));
  const byItself = own.filter(({ key, isBack }) => isBack && left.has(key)).length;
  const back = countBack(own);
  const extra = cairn.extra.filter(({ item }) => isOf(item)).length;
  return `| ${[name, own.length, back - byItself, byItself, own.length - back, extra].join(' | ')} |`;
}

function renderPeer(name: string, verdicts: readonly Verdict[]): string {
  const having = (aspect: Aspect): number =>
    verdicts.filter(({ differences }) => !differences.some((one) => one.aspect === aspect || one.aspect === 'presence'))
      .length;
  return `| ${name} | ${verdicts.length} | ${having('place')} | ${having('program')} | ${having('text')} | ${countBack(verdicts)} |`;
}

function renderDifferences(title: string, verdicts: readonly Verdict[], { steps }: RestoreSteps): readonly string[] {
  const other = verdicts.filter(({ isBack }) => !isBack);
  if (other.length === 0) return [];
  const lines = other.map(({ key, differences }) => {
    const step = steps.find((one) => one.key === key && one.status !== 'done');
    const said = step === undefined ? '' : ` (${step.status}: ${step.detail})`;
    return withoutPaths(`- ${key}: ${differences.map(({ words }) => words).join('; ')}${said}`);
  });
  return [`${title}:`, '', ...lines, ''];
}

function renderExtra({ extra }: Comparison): readonly string[] {
  if (extra.length === 0) return [];
  return [
    'There beyond what was captured:',
    '',
    ...extra.map(({ item }) => withoutPaths(`- ${item.key}: ${item.title}`)),
    '',
  ];
}

function countBack(verdicts: readonly Verdict[]): number {
  return verdicts.filter(({ isBack }) => isBack).length;
}

/** Folder and numbers of a run are no facts that anyone needs. */
function withoutPaths(line: string): string {
  return line.replaceAll(/\/\S*cairn-fidelity-\w+(?:\/home)?/g, '~');
}
