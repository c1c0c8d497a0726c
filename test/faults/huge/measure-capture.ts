// Captures one source again and again in a process of its own, as the collector does; says on stdout what came of it and how much memory
// it took beyond what the process had after its start. Started by measured-capture.ts.

import { readFileSync, statSync, writeFileSync, writeSync } from 'node:fs';

import { checkCapture } from '../../../src/core/capture/reading.ts';
import { readEnds } from '../../../src/core/sources/conversation/read-end.ts';
import { readFileRun } from '../../../src/core/sources/host/append-file.ts';
import { createSources } from '../../../src/core/sources/registry.ts';
import type { CaptureContext, PreviousItem, Source, SourceCapture } from '../../../src/core/sources/source.ts';
import { parseSourceId } from '../../../src/shared/model/ids.ts';
import type { KnownStream, SnapshotItem } from '../../../src/shared/model/item.ts';
import { makeCaptureContext, makeTestHost } from '../../support/test-host.ts';
import type { CaptureRequest, CaptureResult, MeasuredCapture, ShownConversation } from './measured-capture.ts';

const MAX_SOURCE_BYTES = 64 * 1024 * 1024;

const request = JSON.parse(process.argv[2] ?? '{}') as CaptureRequest; // the test wrote it

async function measure(source: Source): Promise<CaptureResult> {
  // Code and tables are loaded: what comes on top is what the input costs.
  await source.capture(makeCaptureContext(makeTestHost(request.emptyFolder)));
  const startMb = resetPeak();
  const store = new Store();
  const captures: MeasuredCapture[] = [];
  while (captures.length < request.maxCaptures) {
    const capture = await source.capture(store.context());
    captures.push(store.keep(checkCapture(source, capture, MAX_SOURCE_BYTES)));
    if (captures.at(-1)?.storedBytes === 0) break;
  }
  const extraMb = peakMb() - startMb;
  return {
    captures,
    extraMb,
    shown: request.previewFile === undefined ? null : await show(request.previewFile, store),
  };
}

async function show(path: string, store: Store): Promise<ShownConversation> {
  const startMb = resetPeak();
  const item = store.firstItem(statSync(path).size);
  const readStream = readEnds(item, async (_, fromByte) => {
    return readFileRun(path, fromByte, new Uint8Array(statSync(path).size - fromByte));
  });
  const preview = await source?.preview?.(item, { readStream, limit: 200 });
  if (preview?.type !== 'conversation') throw new TypeError('no conversation is shown');
  return { messageCount: preview.messageCount, isCut: preview.isCut === true, extraMb: peakMb() - startMb };
}

/** Stands in for the vault: what of each stream is stored. */
class Store {
  readonly #known = new Map<string, KnownStream>();
  #previous: readonly PreviousItem[] = [];

  firstItem(sizeBytes: number): SnapshotItem {
    const [item] = this.#previous;
    if (item === undefined) throw new RangeError('nothing was captured');
    const streams = item.streams.map((stream) => ({ ...stream, sizeBytes, contentId: '' }));
    return { ...item, source: parseSourceId(request.source), streams };
  }

  context(): CaptureContext {
    return makeCaptureContext(makeTestHost(request.folder, request.env), {
      maxBytes: MAX_SOURCE_BYTES,
      previous: this.#previous,
      known: (key, stream) => this.#known.get(`${key}\n${stream}`),
    });
  }

  keep({ items, problems }: SourceCapture): MeasuredCapture {
    let storedBytes = 0;
    for (const { key, streams } of items) {
      for (const { name, version, content } of streams) {
        if (content.type === 'unchanged') continue;
        const fromByte = content.type === 'whole' ? 0 : content.fromByte;
        storedBytes += content.bytes.length;
        this.#known.set(`${key}\n${name}`, { version, sizeBytes: fromByte + content.bytes.length });
        // The vault's thread takes the memory away.
        content.bytes.buffer.transfer(0);
      }
    }
    this.#previous = items.map((item) => ({
      ...item,
      streams: item.streams.map(({ name, kind }) => ({ name, kind })),
      stale: false,
    }));
    return {
      storedBytes,
      problems: problems.map(({ reason, message, key }) => ({ reason, message, key: key ?? null })),
      items: items.map(({ key, title, attributes, streams }) => ({
        key,
        title,
        attributes,
        sizeBytes: streams.reduce((sum, { name }) => sum + (this.#known.get(`${key}\n${name}`)?.sizeBytes ?? 0), 0),
      })),
    };
  }
}

/** Begins to look for the peak anew; gives what is in memory now. */
function resetPeak(): number {
  writeFileSync('/proc/self/clear_refs', '5');
  return peakMb();
}

function peakMb(): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'latin1'))?.[1]) / 1024;
}

const source = createSources().find(({ id }) => id === request.source);
if (source === undefined) throw new RangeError(`no such source: ${request.source}`);
writeSync(1, `${JSON.stringify(await measure(source))}\n`);
process.exit(0);
