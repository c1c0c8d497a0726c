// `cairn sessions publish`, `published`, `read`, `continue` and `withdraw`.

import type { PublishedSessionView, PublishPreview } from '../../shared/contract/publishing.ts';
import { AppError } from '../../shared/model/app-error.ts';
import { toPlainLine } from '../../shared/text/sanitize-text.ts';
import { doneWithVault, type CommandContext } from '../context.ts';
import type { ExitCode } from '../exit-code.ts';
import { countOf, formatBytes, joinWords } from '../format/amounts.ts';
import { describeAge, formatClock, parseUntil } from '../format/times.ts';
import { sessionDocument } from './session-documents.ts';

const MAX_NAME_SHOWN = 60;
const MAX_FINDINGS_SHOWN = 50;
const MAX_LINE = 10_000;

export interface PublishSessionOptions {
  readonly to?: string;
  readonly until?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** Shows what would leave and what was taken out of it; nothing leaves before somebody agrees. */
export function runSessionsPublish(
  reference: string,
  options: PublishSessionOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const expiresAtMs = options.until === undefined ? null : parseUntil(options.until, context.nowMs(), '--until');
  const expiresAt = expiresAtMs === null ? null : new Date(expiresAtMs).toISOString();
  return doneWithVault(context, async (open) => {
    const to = await audienceOf(options.to, async () => open.publishing.teams());
    const preview = await open.publishing.preview(reference, to, context.signal);
    const lines = describePreview(preview, expiresAtMs, context);
    if (options.dryRun === true) {
      context.out.result({ dryRun: true, preview }, () => [...lines, 'Nothing was published.']);
      return;
    }
    if (!(await isAgreed(lines, options, context))) {
      context.out.result({ dryRun: false, published: null, preview }, () => ['Nothing was published.']);
      return;
    }
    // To whom was said, whatever the project is mapped to by now.
    const shown = preview.to.team?.id ?? 'me';
    const outcome = await open.publishing.publish(
      reference,
      { to: shown, expiresAt, digest: preview.digest },
      context.signal,
    );
    context.out.result(
      { dryRun: false, published: outcome.session, preview, secretsFoundByServer: outcome.secretsFoundByServer },
      () => [
        // Who was asked has seen them.
        ...(options.yes === true ? lines : []),
        `Published ${nameOf(outcome.session)} to ${audienceWords(outcome.session.team)} (version ${outcome.session.version}).`,
        ...(outcome.secretsFoundByServer === 0
          ? []
          : [`The server took out ${countOf(outcome.secretsFoundByServer, 'more secret')}.`]),
        `Take it back with \`cairn sessions withdraw ${outcome.session.id}\`.`,
      ],
    );
  });
}

export function runSessionsPublished(options: { readonly limit: number }, context: CommandContext): Promise<ExitCode> {
  return doneWithVault(context, async (open) => {
    const { sessions, cursor } = await open.publishing.list({ limit: options.limit });
    context.out.result({ sessions, more: cursor !== null }, () =>
      sessions.length === 0
        ? ['Nothing is published, neither by you nor to your teams.']
        : [
            ...sessions.flatMap((session) => describePublished(session, context.nowMs())),
            ...(cursor === null ? [] : ['There are more: see --limit.']),
          ],
    );
  });
}

export function runSessionsRead(id: string, context: CommandContext): Promise<ExitCode> {
  return doneWithVault(context, async (open) => {
    const { session, messages } = await open.publishing.read(id);
    context.out.result({ session, messages }, () => [
      ...describePublished(session, context.nowMs()),
      ...messages.flatMap(({ role, content }) => [
        '',
        `${role}:`,
        ...content.split('\n').map((line) => toPlainLine(line, MAX_LINE)),
      ]),
    ]);
  });
}

export function runSessionsContinue(id: string, context: CommandContext): Promise<ExitCode> {
  return doneWithVault(context, async (open) => {
    const session = await open.publishing.continueHere(id);
    context.out.result({ session: sessionDocument(session) }, () => [
      `${toPlainLine(session.name, MAX_NAME_SHOWN)} is one of your sessions now, with ${countOf(session.messageCount, 'message')}.`,
      `Go on with \`cairn chat --session ${session.id}\`.`,
    ]);
  });
}

export function runSessionsWithdraw(id: string, context: CommandContext): Promise<ExitCode> {
  return doneWithVault(context, async (open) => {
    const session = await open.publishing.withdraw(id);
    context.out.result({ withdrawn: session }, () => [
      `${nameOf(session)} is no longer published. Who has read it may have kept a copy.`,
    ]);
  });
}

/** `me`, a team's id, or its name. @throws AppError PUBLISH_NOT_FOUND */
export async function audienceOf(
  named: string | undefined,
  listTeams: () => Promise<readonly { readonly id: string; readonly name: string }[]>,
): Promise<string | undefined> {
  if (named === undefined || named === 'me') return named;
  const found = (await listTeams()).filter(({ id, name }) => id === named || name === named);
  const [team] = found;
  if (team !== undefined && found.length === 1) return team.id;
  throw new AppError(
    'PUBLISH_NOT_FOUND',
    found.length > 1 ? 'Two of your teams have this name.' : 'You are in no team of this name.',
    {
      hint: '`cairn teams list` shows your teams; its id works too.',
    },
  );
}

async function isAgreed(
  lines: readonly string[],
  options: PublishSessionOptions,
  context: CommandContext,
): Promise<boolean> {
  if (options.yes === true) return true;
  const { prompter } = context;
  if (prompter === null || context.out.isJson)
    throw new AppError('USAGE_INVALID', 'What is published leaves this machine, and nobody can be asked.', {
      hint: 'Look at it with --dry-run, then give --yes.',
    });
  for (const line of lines) prompter.say(line);
  return prompter.confirm('Publish it?', { isDefaultYes: false });
}

function describePreview(preview: PublishPreview, expiresAtMs: number | null, { nowMs }: CommandContext): string[] {
  const { session, to, messageCount, isCut, sizeBytes, findings, secrets, places, published } = preview;
  return [
    `${toPlainLine(session.name, MAX_NAME_SHOWN)}: ${countOf(messageCount, 'message')}, ${formatBytes(sizeBytes)}, to ${audienceWords(to.team)}${expiresAtMs === null ? '' : `, until ${formatClock(expiresAtMs, nowMs())}`}.`,
    'The server can read what is published, and so can everybody it is published to. What tools were called with and gave back stays here.',
    ...(isCut === true ? ['It is so long that only its last part goes.'] : []),
    ...(published === null ? [] : [describeReplaced(published, expiresAtMs, nowMs())]),
    ...(to.team === null ? ['What you published to a team before stays there until it is withdrawn.'] : []),
    secrets === 0
      ? 'No secrets were found in it. Look at it yourself all the same.'
      : `Taken out: ${countOf(secrets, 'secret')} at ${countOf(places, 'place')}.`,
    ...findings
      .slice(0, MAX_FINDINGS_SHOWN)
      .flatMap(({ rule, number, masked, count, places: where, contexts }) => [
        `  ${number}. ${rule} (${toPlainLine(masked, MAX_NAME_SHOWN)}), ${count === 1 ? 'once' : `${count} times`}: ${joinWords(where)}`,
        ...contexts.slice(0, 1).map((context) => `     … ${toPlainLine(context, 120)} …`),
      ]),
    ...(findings.length > MAX_FINDINGS_SHOWN ? [`  and ${findings.length - MAX_FINDINGS_SHOWN} more`] : []),
  ];
}

function describeReplaced(
  { version, expiresAt }: PublishedSessionView,
  expiresAtMs: number | null,
  nowMs: number,
): string {
  const place = `It takes the place of version ${version}`;
  return expiresAt === null || expiresAtMs !== null
    ? `${place}.`
    : `${place}, which ends ${formatClock(Date.parse(expiresAt), nowMs)}: this one stays until it is withdrawn, unless you give --until.`;
}

function describePublished(session: PublishedSessionView, nowMs: number): string[] {
  const { id, author, mine, team, messageCount, redactions, updatedAt, expiresAt } = session;
  const facts = [
    mine ? 'by you' : `by ${toPlainLine(author.name, MAX_NAME_SHOWN)}`,
    `to ${audienceWords(team)}`,
    countOf(messageCount, 'message'),
    ...(redactions === 0 ? [] : [`${countOf(redactions, 'place')} redacted`]),
    describeAge(Date.parse(updatedAt), nowMs),
    ...(expiresAt === null ? [] : [`until ${formatClock(Date.parse(expiresAt), nowMs)}`]),
  ];
  return [nameOf(session), `  ${facts.join(', ')}`, `  ${id}`];
}

function audienceWords(team: { readonly name: string } | null): string {
  return team === null ? 'yourself alone' : `the team ${toPlainLine(team.name, MAX_NAME_SHOWN)}`;
}

function nameOf({ summary }: PublishedSessionView): string {
  return toPlainLine(summary, MAX_NAME_SHOWN);
}
