// Checks who imports whom with dependency-cruiser. TypeScript 7 has no API for it yet, so it is given the sources with their types
// stripped by Node itself; type-only imports are kept as imports, since they are dependencies too.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { cruise, type ICruiseOptions, type ICruiseResult } from 'dependency-cruiser';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));

export interface Violation {
  readonly rule: string;
  readonly from: string;
  readonly to: string;
}

/** Every forbidden import in the `src` below a folder. */
export async function findViolations(root: string): Promise<Violation[]> {
  const stripped = mkdtempSync(join(tmpdir(), 'cairn-layers-'));
  try {
    for (const folder of ['src', 'test']) writeStripped(join(root, folder), join(stripped, folder));
    symlinkSync(join(PROJECT, 'node_modules'), join(stripped, 'node_modules'));
    writeFileSync(join(stripped, 'package.json'), '{"type":"module"}');
    const { default: config } = (await import(pathToFileURL(join(PROJECT, '.dependency-cruiser.mjs')).href)) as {
      default: { forbidden: unknown[]; options: ICruiseOptions };
    };
    const options: ICruiseOptions = {
      ...config.options,
      baseDir: stripped,
      validate: true,
      ruleSet: { forbidden: config.forbidden } as NonNullable<ICruiseOptions['ruleSet']>,
    };
    const { output } = await cruise(['src'], options);
    const { summary } = output as ICruiseResult; // without a reporter the output is the result itself
    return summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to }));
  } finally {
    rmSync(stripped, { recursive: true, force: true });
  }
}

function writeStripped(from: string, to: string): void {
  for (const entry of readdirSync(from, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || !/\.tsx?$/.test(entry.name)) continue;
    const target = join(to, relative(from, path)).replace(/\.tsx?$/, '.js');
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, strip(readFileSync(path, 'utf8')));
  }
}

function strip(source: string): string {
  const kept = source.replaceAll(/^(import|export) type (?=[{*A-Za-z])/gm, '$1 ');
  // Imports are all that matters: a name that was a type is still a name to import.
  const imports =
    kept.match(
      /^(?:import|export)\s[^;]*?from\s+'[^']+'(?:\s+with\s+\{[^}]*\})?;|^import\s+'[^']+';|\bimport\('[^']+'\)/gm,
    ) ?? [];
  return stripTypeScriptTypes(
    imports.map((line) => (line.startsWith('import(') ? `await ${line};` : withoutInlineTypes(line))).join('\n'),
  ).replaceAll(/(from\s+'|import\s+'|import\(')(\.[^']*)\.tsx?'/g, "$1$2.js'");
}

function withoutInlineTypes(line: string): string {
  return line.replaceAll(/([{,]\s*)type\s+/g, '$1');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const violations = await findViolations(PROJECT);
  for (const { rule, from, to } of violations) process.stderr.write(`${rule}: ${from} must not import ${to}\n`);
  process.stdout.write(
    violations.length === 0
      ? 'layers: every import goes the allowed way\n'
      : `layers: ${violations.length} forbidden imports\n`,
  );
  process.exitCode = violations.length === 0 ? 0 : 1;
}
