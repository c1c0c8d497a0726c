// Brings the content of another vault's items into a vault: what is there is named, everything else sealed anew under this vault's keys.

import type { Gap } from '../../../shared/model/snapshot.ts';
import { AppError } from '../../../shared/model/app-error.ts';
import { BOX_KINDS } from '../../crypto/box.ts';
import { encodeContent } from '../content/codec.ts';
import type { ItemEntry, Manifest } from '../log/manifest.ts';
import type { VaultState } from '../log/vault-state.ts';
import { isRedacted } from '../repair/heal-chunks.ts';
import type { ItemKey } from '../../../shared/model/ids.ts';

export interface ContentImportDeps {
  readonly own: VaultState;
  readonly other: VaultState;
  /** The other is an older state of this vault: equal record numbers may then mean the same content. */
  readonly isSameVault: boolean;
  readonly takeRecordId: () => number;
}

export class ContentImport {
  readonly #deps: ContentImportDeps;
  readonly #chunks = new Map<number, number | null>();
  /** An entry that several snapshots share stays one, so that what did not change is cheap to see. */
  readonly #entries = new WeakMap<ItemEntry, ItemEntry | { readonly damaged: true }>();
  /** New content, in bytes. */
  importedBytes = 0;
  leftOut = 0;

  constructor(deps: ContentImportDeps) {
    this.#deps = deps;
  }

  /** The list as this vault names it. What is damaged there is left out, and a gap for each. */
  importManifest(
    manifest: Manifest,
    takenAtMs: number,
  ): { readonly manifest: Manifest; readonly gaps: readonly Gap[] } {
    const entries = new Map<ItemKey, ItemEntry>();
    const gaps: Gap[] = [];
    for (const entry of manifest.values()) {
      const imported = this.#importEntry(entry);
      if (!('damaged' in imported)) entries.set(entry.key, imported);
      else gaps.push(damagedGap(entry, takenAtMs));
    }
    this.leftOut += gaps.length;
    return { manifest: entries, gaps };
  }

  #importEntry(entry: ItemEntry): ItemEntry | { readonly damaged: true } {
    const known = this.#entries.get(entry);
    if (known !== undefined) return known;
    const imported = this.#importStreams(entry);
    this.#entries.set(entry, imported);
    return imported;
  }

  #importStreams(entry: ItemEntry): ItemEntry | { readonly damaged: true } {
    const streams: ItemEntry['streams'][number][] = [];
    for (const stream of entry.streams) {
      const parts: (typeof stream)['parts'][number][] = [];
      for (const part of stream.parts) {
        const recordId = this.#importChunk(part.recordId);
        if (recordId === null) return { damaged: true };
        parts.push({ ...part, recordId });
      }
      streams.push({ ...stream, parts, contentId: this.#streamId(stream.contentId) });
    }
    return { ...entry, streams };
  }

  /** Of another vault: equal for equal content of that vault, and nothing else to anybody. */
  #streamId(contentId: string): string {
    const { own, isSameVault } = this.#deps;
    return isSameVault ? contentId : own.keys.contentId(Buffer.from(contentId, 'utf8')).toString('base64url');
  }

  #importChunk(number: number): number | null {
    const known = this.#chunks.get(number);
    if (known !== undefined) return known;
    const imported = this.#takeChunk(number);
    this.#chunks.set(number, imported);
    return imported;
  }

  #takeChunk(number: number): number | null {
    const { own, other, isSameVault, takeRecordId } = this.#deps;
    const content = readOrNull(other, number);
    if (content === null) return null;
    const contentId = own.keys.contentId(content);
    if (isSameVault && this.#isOwnVersion(number, contentId, content)) return number;
    const there = own.store.find(contentId)?.recordId;
    if (there !== undefined) return there;
    const recordId = takeRecordId();
    const { codec, payload } = encodeContent(content);
    own.write.chunks.insert({
      recordId,
      contentId,
      box: own.keys.seal(BOX_KINDS.chunk, codec, recordId, payload),
    });
    this.importedBytes += content.length;
    return recordId;
  }

  /** The same content under the same number, or what is left of it after a value was taken out: that must not come back. */
  #isOwnVersion(number: number, contentId: Buffer, content: Buffer): boolean {
    const { own } = this.#deps;
    const ownId = own.read.chunks.readContentId(number);
    if (ownId === undefined) return false;
    if (ownId.equals(contentId)) return true;
    const ownContent = readOrNull(own, number);
    return ownContent !== null && isRedacted(ownContent, content);
  }
}

function readOrNull(state: VaultState, number: number): Buffer | null {
  try {
    return state.store.read(number);
  } catch (error) {
    if (error instanceof AppError && error.code === 'VAULT_DAMAGED') return null;
    throw error;
  }
}

function damagedGap({ source, key }: ItemEntry, takenAtMs: number): Gap {
  return {
    source,
    key,
    reason: 'unreadable',
    message: 'It was left out when this snapshot was merged in: its content was damaged in the other vault.',
    sinceMs: takenAtMs,
  };
}
