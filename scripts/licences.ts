// What of others ships with Cairn and under which licence: writes docs/third-party.md from package-lock.json; with --check says what is
// forbidden or not written down. What ships is what is installed with the app and what the page's bundle is made of.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Permissive ones. Anything else needs a decision first. */
const ALLOWED = new Set([
  ...['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'BlueOak-1.0.0', 'Python-2.0'],
  ...['(MIT OR CC0-1.0)', 'CC0-1.0', 'Unlicense'],
]);
/** Those whose binaries come without a script, though the package has one to build them from source. */
const BUILT_AHEAD = new Set(['argon2']);
const DOCUMENT = 'docs/third-party.md';

interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  /** A folder of this repository, which has an entry of its own. */
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

export interface Lock {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

export interface Shipped {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  readonly how: 'installed' | 'bundled into the page';
  readonly hasInstallScript: boolean;
}

/** @param pageImports names of the packages that the page imports itself */
export function listShipped(lock: Lock, pageImports: readonly string[]): readonly Shipped[] {
  const found = new Map<string, Shipped>();
  for (const [path, entry] of Object.entries(lock.packages))
    if (path !== '' && entry.dev !== true && entry.link !== true) found.set(path, toShipped(path, entry, 'installed'));
  const waiting = pageImports.map((name) => `node_modules/${name}`);
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const entry = lock.packages[path];
    if (entry === undefined || found.has(path)) continue;
    found.set(path, toShipped(path, entry, 'bundled into the page'));
    waiting.push(...Object.keys(entry.dependencies ?? {}).map((name) => resolveFrom(lock, path, name)));
  }
  return [...found.values()].toSorted((a, b) => compare(a.name, b.name) || compare(a.version, b.version));
}

/** What must not ship, as sentences. */
export function findForbidden(shipped: readonly Shipped[]): string[] {
  return shipped.flatMap(({ name, licence, hasInstallScript }) => [
    ...(ALLOWED.has(licence) ? [] : [`${name} has the licence ${licence}, which nobody has allowed yet.`]),
    ...(hasInstallScript && !BUILT_AHEAD.has(name) ? [`${name} runs a script when it is installed.`] : []),
  ]);
}

export function toDocument(shipped: readonly Shipped[]): string {
  const rows = shipped.map(({ name, version, licence, how }) => `| ${name} | ${version} | ${licence} | ${how} |`);
  return `# What of others ships with Cairn

Written by \`npm run licences\` from package-lock.json; \`npm run check\` refuses what is not in it, other licences than permissive ones, and
packages that would run a script when they are installed. \`npm run sbom\` writes the same as CycloneDX. Electron (MIT, with Chromium and Node, whose
notices lie in \`LICENSES.chromium.html\` of every package) and, for the command line, Node come beside these.

| package | version | licence | how it ships |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
}

/** The packages that the files below a folder import. */
export function importsOf(folder: string): readonly string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:tsx?|css)$/.test(name))
    .flatMap((name) => [
      ...readFileSync(join(folder, name), 'utf8').matchAll(/(?:from|import|import\()\s*'((?:@[^'/]+\/)?[^'./][^'/]*)/g),
    ])
    .map(([, name = '']) => name);
  return [...new Set(names)].filter((name) => !name.startsWith('node:')).toSorted();
}

function resolveFrom({ packages }: Lock, path: string, name: string): string {
  for (let at = path; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const nested = `${at}/node_modules/${name}`;
    if (packages[nested] !== undefined) return nested;
  }
  return `node_modules/${name}`;
}

function toShipped(path: string, entry: LockedPackage, how: Shipped['how']): Shipped {
  return {
    name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
    version: entry.version ?? '',
    licence: entry.license ?? 'none given',
    how,
    hasInstallScript: entry.hasInstallScript === true,
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function main(): void {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lock; // npm's own format
  const shipped = listShipped(lock, importsOf(join(root, 'src/renderer')));
  const text = toDocument(shipped);
  const path = join(root, DOCUMENT);
  const problems = findForbidden(shipped);
  if (!process.argv.includes('--check')) writeFileSync(path, text);
  else if (readFileSync(path, 'utf8') !== text) problems.push(`${DOCUMENT} is out of date: run \`npm run licences\`.`);
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();
