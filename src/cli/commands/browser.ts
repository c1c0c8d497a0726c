// `cairn browser install|uninstall|status`: lets browsers start the helper program of the extension, and says how to load the extension.

import type { Command } from 'commander';

import type { BrowserSetup, BrowserStatus, SetupOutcome, SetupResult } from '../../core/browser-setup/browser-setup.ts';
import type { PlainError } from '../../shared/model/app-error.ts';
import { toPlainLine } from '../../shared/text/sanitize-text.ts';
import type { Act, CommandContext } from '../context.ts';
import { EXIT_DONE, EXIT_FAILED, type ExitCode } from '../exit-code.ts';
import { countOf } from '../format/amounts.ts';
import { renderTable, type Cell } from '../format/table.ts';
import type { Style } from '../output.ts';

const MAX_NAME_LENGTH = 100;

export interface BrowserSetupOptions {
  readonly dryRun?: boolean;
}

export function setupBrowser(command: Command, act: Act): void {
  command
    .command('install')
    .description('let browsers start the helper program, and say how to load the extension')
    .argument('[browser...]', 'chromium, chrome, brave, edge, firefox (default: all that are here)')
    .option('--dry-run', 'say what would be written, and write nothing')
    .action((ids: string[], options: BrowserSetupOptions) =>
      act((context) => runBrowserSetup('install', ids, options, context)),
    );
  command
    .command('uninstall')
    .description('take that back')
    .argument('[browser...]', 'as for install (default: all)')
    .option('--dry-run', 'say what would be removed, and remove nothing')
    .action((ids: string[], options: BrowserSetupOptions) =>
      act((context) => runBrowserSetup('uninstall', ids, options, context)),
    );
  command
    .command('status')
    .description('which browsers and profiles have it, and whether it answers')
    .action(() => act(runBrowserStatus));
}

export async function runBrowserSetup(
  verb: 'install' | 'uninstall',
  ids: readonly string[],
  options: BrowserSetupOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const { out } = context;
  const setup = await context.core.browserSetup();
  const isDryRun = options.dryRun === true;
  const results = setup[verb](ids, { isDryRun });
  const next = verb === 'install' ? howToLoad(results, setup) : [];
  const error = whyIncomplete(verb, results, ids);
  const document = {
    dryRun: isDryRun,
    program: setup.hostProgram,
    extensionFolder: setup.extensionFolder,
    browsers: results.map(({ id, title, outcome, path, why }) => ({
      id,
      title,
      outcome,
      path,
      ...(why === undefined ? {} : { why }),
    })),
    next,
    ...(error === null ? {} : { error }),
  };
  out.result(document, () => renderSetup(results, { verb, isDryRun, next, style: out.style }));
  if (error !== null && !out.isJson) out.error(error);
  return error === null ? EXIT_DONE : EXIT_FAILED;
}

export async function runBrowserStatus(context: CommandContext): Promise<ExitCode> {
  const { out } = context;
  const setup = await context.core.browserSetup();
  const browsers = await setup.status(context.signal);
  const document = {
    program: setup.hostProgram,
    extensionFolder: setup.extensionFolder,
    browsers: browsers.map(({ id, title, isPresent, path, manifest, profiles }) => ({
      id,
      title,
      present: isPresent,
      path,
      manifest,
      profiles,
    })),
  };
  out.result(document, () => renderStatus(browsers, out.style));
  return EXIT_DONE;
}

function renderSetup(
  results: readonly SetupResult[],
  view: {
    readonly verb: 'install' | 'uninstall';
    readonly isDryRun: boolean;
    readonly next: readonly string[];
    readonly style: Style;
  },
): string[] {
  const { verb, isDryRun, next, style } = view;
  if (results.length === 0)
    return [verb === 'install' ? 'No browser that Cairn knows is here.' : 'There is nothing of Cairn to remove.'];
  const rows = results.map(({ title, outcome, path, why }): Cell[] => [
    { text: title, paint: style.bold },
    describe(outcome, isDryRun, why),
    { text: toPlainLine(path, 400), paint: style.dim },
  ]);
  return [
    ...renderTable([{ title: '' }, { title: '' }, { title: '' }], rows),
    ...(next.length === 0 ? [] : ['', style.bold('Load the extension:'), ...next]),
  ];
}

function renderStatus(browsers: readonly BrowserStatus[], style: Style): string[] {
  const shown = browsers.filter(({ isPresent, manifest }) => isPresent || manifest !== 'missing');
  if (shown.length === 0) return ['No browser that Cairn knows is here.'];
  return shown.flatMap(({ title, manifest, profiles }) => [
    `${style.bold(title)}: ${MANIFEST_WORDS[manifest]}`,
    ...profiles.map(({ name, extension, tabs }) => {
      const words = extension === 'live' ? `answers, ${countOf(tabs, 'tab')}` : EXTENSION_WORDS[extension];
      return `  ${toPlainLine(name, MAX_NAME_LENGTH)}: ${words}`;
    }),
  ]);
}

const MANIFEST_WORDS: Readonly<Record<BrowserStatus['manifest'], string>> = {
  missing: 'not set up; `cairn browser install` does it',
  ours: 'set up',
  other: 'set up for another installation of Cairn; `cairn browser install` takes it over',
  foreign: 'a file that is not of Cairn stands in the place',
};
const EXTENSION_WORDS = {
  silent: 'has the extension, which does not answer now',
  none: 'no extension: its session files are read',
} as const;

function describe(outcome: SetupOutcome, isDryRun: boolean, why: string | undefined): string {
  switch (outcome) {
    case 'written':
      return isDryRun ? 'would be written' : 'written';
    case 'unchanged':
      return 'set up already';
    case 'removed':
      return isDryRun ? 'would be removed' : 'removed';
    case 'absent':
      return 'not here';
    case 'sandboxed':
      return 'runs in a sandbox (snap or flatpak) that starts no other program';
    case 'foreign':
      return 'left alone: a file that is not of Cairn stands there';
    case 'failed':
      return `failed: ${why ?? 'unknown reason'}`;
  }
}

/** Only a person can load it: browsers let no program do that. */
function howToLoad(results: readonly SetupResult[], { extensionFolder }: BrowserSetup): string[] {
  const ready = results.filter(({ outcome }) => outcome === 'written' || outcome === 'unchanged');
  const isFirefox = ({ id }: SetupResult): boolean => id === 'firefox';
  const others = ready.filter((result) => !isFirefox(result)).map(({ title }) => title);
  return [
    ...(others.length === 0
      ? []
      : [
          `${others.join(', ')}: open chrome://extensions, turn on "Developer mode", press "Load unpacked" and choose ${extensionFolder}`,
        ]),
    ...(ready.some(isFirefox)
      ? [
          `Firefox: open about:debugging#/runtime/this-firefox, press "Load Temporary Add-on" and choose ${extensionFolder}/manifest.json; Firefox forgets it when it ends (docs/sources/browsers.md says how it stays)`,
        ]
      : []),
  ];
}

function whyIncomplete(
  verb: 'install' | 'uninstall',
  results: readonly SetupResult[],
  asked: readonly string[],
): PlainError | null {
  const bad = results.filter(
    ({ outcome }) =>
      outcome === 'foreign' ||
      outcome === 'failed' ||
      (verb === 'install' && asked.length > 0 && (outcome === 'absent' || outcome === 'sandboxed')),
  );
  if (bad.length === 0) return null;
  return {
    code: 'EXEC_FAILED',
    message: `Not done for ${bad.map(({ title }) => title).join(', ')}.`,
    hint: 'The reason stands with each; the others were done.',
    retryable: false,
  };
}
