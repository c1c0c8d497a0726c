// One item's content as files: a terminal's text, a conversation as Markdown and as it lay in its tool's log, the unsaved text of an open
// file, patches and bundles of a repository. What of it is damaged is left out, and told.

import type { SnapshotItem } from '../../shared/model/item.ts';
import type { Snapshot } from '../../shared/model/snapshot.ts';
import type { ProjectRoot } from '../../shared/timeline/project.ts';
import { sessionOfItem } from '../sessions/captured-sessions.ts';
import { exportSession } from '../sessions/export-session.ts';
import { TEXT } from '../sources/documents/document.ts';
import { isReadCut, readEnds } from '../sources/conversation/read-end.ts';
import type { Source } from '../sources/source.ts';
import { drawLines } from '../sources/terminal/old-text.ts';
import { PROGRAM_SCREEN, SCROLLBACK } from '../sources/terminal/terminal-text.ts';
import type { ByteRange, IntactBytes } from '../vault/content/stream-reader.ts';
import type { Vault } from '../vault/vault.ts';
import type { ExportFolder } from './export-folder.ts';
import { blankHoles, toHarmlessText, toText } from './intact-text.ts';

/** What is read at a time: streams may be larger than the memory. */
const WINDOW_BYTES = 4 * 1024 * 1024;
const MAX_TITLE_LENGTH = 200;

export interface ExportItemDeps {
  readonly vault: Pick<Vault, 'readIntact'>;
  readonly sources: readonly Source[];
  readonly folder: ExportFolder;
  readonly assertRunning: () => void;
}

export interface ItemPlace {
  readonly snapshot: Snapshot;
  readonly item: SnapshotItem;
  readonly roots: readonly ProjectRoot[];
  /** The folder for items of its kind. */
  readonly within: string;
}

/** Bytes of a stream that are lost. */
export interface LostBytes extends ByteRange {
  readonly stream: string;
}

export interface WrittenItem {
  readonly files: readonly string[];
  readonly lost: readonly LostBytes[];
}

/** @throws AppError CANCELLED, EXEC_FAILED, and what reading the vault throws other than damage */
export async function exportItem(deps: ExportItemDeps, place: ItemPlace): Promise<WrittenItem> {
  return new ItemExport(deps, place).run();
}

class ItemExport {
  readonly #deps: ExportItemDeps;
  readonly #place: ItemPlace;
  readonly #files: string[] = [];
  /** By stream and position: what is read twice is lost once. */
  readonly #lost = new Map<string, LostBytes>();

  constructor(deps: ExportItemDeps, place: ItemPlace) {
    this.#deps = deps;
    this.#place = place;
  }

  async run(): Promise<WrittenItem> {
    const { item } = this.#place;
    if (item.kind === 'conversation') await this.#writeConversation();
    const texts = [SCROLLBACK, PROGRAM_SCREEN].filter((name) => item.streams.some((stream) => stream.name === name));
    if (item.kind === 'terminal' && texts.length > 0) await this.#writeTerminal(texts);
    for (const { name, sizeBytes } of item.streams) {
      if (item.kind === 'terminal' && texts.includes(name)) continue;
      await this.#writeStream(name, sizeBytes);
    }
    return { files: this.#files, lost: [...this.#lost.values()] };
  }

  async #writeTerminal(streams: readonly string[]): Promise<void> {
    const { item, within } = this.#place;
    const texts: string[] = [];
    for (const stream of streams) texts.push(toHarmlessText(drawLines(toText(await this.#read(stream)))));
    await this.#write(this.#deps.folder.nameIn(within, item.title, '.txt'), texts.join('\n'));
  }

  /** Messages to read; the log itself is written beside them, as it lay in its program's folder. */
  async #writeConversation(): Promise<void> {
    const { item, within, roots, snapshot } = this.#place;
    const source = this.#deps.sources.find(({ id }) => id === item.source);
    if (source?.readConversation === undefined) return;
    const { messages, unreadableLines } = await source.readConversation(item, {
      readStream: readEnds(item, async (stream, fromByte) => blankHoles(await this.#read(stream, fromByte))),
    });
    const session = sessionOfItem(item, roots, snapshot.takenAtMs);
    const notes = [
      ...(unreadableLines > 0 ? [`${unreadableLines} lines or messages could not be read.`] : []),
      ...(isReadCut(item)
        ? ['The conversation is very long: only its last part is here, all of it is in its log.']
        : []),
    ];
    const text = exportSession(session, { messages, partial: new Set() }, 'markdown');
    const noted = notes.length === 0 ? text : `${text}\n---\n\n${notes.map((note) => `*${note}*`).join('\n\n')}\n`;
    await this.#write(this.#deps.folder.nameIn(within, item.title, '.md'), toHarmlessText(noted));
  }

  async #writeStream(name: string, sizeBytes: number): Promise<void> {
    const { item, within } = this.#place;
    const isText = item.kind === 'document' && name === TEXT;
    const whole = isText ? item.title : name;
    const dot = whole.lastIndexOf('.');
    const title = (dot > 0 ? whole.slice(0, dot) : whole).slice(0, MAX_TITLE_LENGTH);
    const ending = dot > 0 ? whole.slice(dot).toLowerCase() : item.kind === 'conversation' ? '.log' : '.txt';
    const place = this.#deps.folder.nameIn(within, isText ? title : `${item.title} ${title}`, ending);
    await this.#write(place, this.#windows(name, sizeBytes));
  }

  async *#windows(stream: string, sizeBytes: number): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < sizeBytes; at += WINDOW_BYTES) yield blankHoles(await this.#read(stream, at, WINDOW_BYTES));
  }

  async #read(stream: string, fromByte = 0, maxBytes = Number.MAX_SAFE_INTEGER): Promise<IntactBytes> {
    this.#deps.assertRunning();
    const { snapshot, item } = this.#place;
    const intact = await this.#deps.vault.readIntact(snapshot.id, item.key, stream, fromByte, maxBytes);
    for (const { from, length } of intact.holes)
      this.#lost.set(`${stream} ${fromByte + from}`, { stream, from: fromByte + from, length });
    return intact;
  }

  async #write(place: string, content: string | AsyncIterable<Uint8Array>): Promise<void> {
    this.#files.push((await this.#deps.folder.write(place, content)).path);
  }
}
