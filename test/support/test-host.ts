// A host whose home, sockets and programs' files lie in a folder of the test.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { createRunProgram } from '../../src/core/sources/host/run-program.ts';
import type { CaptureContext, Host, RestoreContext, RestoreOptions } from '../../src/core/sources/source.ts';
import { parseSnapshotId } from '../../src/shared/model/ids.ts';
import type { CapturedItem, SnapshotItem } from '../../src/shared/model/item.ts';

export function makeTestHost(folder: string, extraEnv: Readonly<Record<string, string>> = {}): Host {
  const homeDir = join(folder, 'home');
  mkdirSync(homeDir, { recursive: true });
  const env = {
    PATH: process.env['PATH'],
    HOME: homeDir,
    TMUX_TMPDIR: folder,
    SHELL: '/bin/bash',
    TERM: 'xterm-256color',
    ...extraEnv,
  };
  return {
    platform: process.platform,
    homeDir,
    uid: process.getuid?.() ?? 0,
    env,
    procDir: '/proc',
    run: createRunProgram(env),
  };
}

export function makeCaptureContext(host: Host, overrides: Partial<CaptureContext> = {}): CaptureContext {
  return {
    host,
    signal: AbortSignal.timeout(20_000),
    nowMs: Date.now(),
    maxBytes: 64 * 1024 * 1024,
    known: () => undefined,
    previous: [],
    pointedPaths: [],
    excludes: { path: () => false, url: () => false, command: () => false },
    redact: (text) => text,
    ...overrides,
  };
}

export const DEFAULT_RESTORE_OPTIONS: RestoreOptions = {
  shouldRunCommands: false,
  shouldApplyGit: false,
  worktreeDir: null,
  allowsFileUrls: false,
  withScrollback: true,
};

/** What a vault would give back of captured items, without a vault. */
export function toSnapshotItems(items: readonly CapturedItem[]): {
  readonly items: SnapshotItem[];
  readonly contents: Map<string, Uint8Array<ArrayBuffer>>;
} {
  const contents = new Map<string, Uint8Array<ArrayBuffer>>();
  const snapshotItems = items.map((item): SnapshotItem => {
    const streams = item.streams.map((stream) => {
      const bytes = stream.content.type === 'whole' ? stream.content.bytes : new Uint8Array();
      contents.set(`${item.key}\n${stream.name}`, bytes);
      return {
        name: stream.name,
        kind: stream.kind,
        sizeBytes: bytes.length,
        contentId: Buffer.from(bytes).toString('base64'),
      };
    });
    return {
      key: item.key,
      kind: item.kind,
      source: item.source,
      group: item.group,
      title: item.title,
      attributes: item.attributes,
      streams,
      stale: false,
    };
  });
  return { items: snapshotItems, contents };
}

export function makeRestoreContext(
  host: Host,
  scratchDir: string,
  captured: readonly CapturedItem[],
  overrides: Partial<RestoreContext> = {},
): RestoreContext {
  const { items, contents } = toSnapshotItems(captured);
  return {
    host,
    signal: AbortSignal.timeout(30_000),
    nowMs: Date.now(),
    snapshot: { id: parseSnapshotId('0123456789abcdef'), takenAtMs: Date.UTC(2026, 10, 20, 14, 2) },
    options: DEFAULT_RESTORE_OPTIONS,
    present: [],
    selected: items,
    readStream: async (key, stream, fromByte = 0, maxBytes = Number.MAX_SAFE_INTEGER) =>
      (contents.get(`${key}\n${stream}`) ?? new Uint8Array()).slice(fromByte, fromByte + maxBytes),
    resumeCommandFor: () => undefined,
    openTerminal: undefined,
    scratchDir,
    ...overrides,
  };
}

/** Waits until a condition holds; fails with its name after five seconds. */
export async function waitFor(
  what: string,
  holds: () => boolean | Promise<boolean>,
  timeoutMs = 15_000,
): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
