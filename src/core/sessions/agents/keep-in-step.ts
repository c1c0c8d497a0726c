// Keeps imported sessions in step with their files while the app runs: hears of changes, and looks again with each capture, where watching
// is not possible or missed something. Only projects that were imported are looked at.

import { toPlainError, type PlainError } from '../../../shared/model/app-error.ts';
import type { CancelTimer } from '../../clock.ts';
import { watchFolders } from '../../sources/host/watch-folders.ts';
import type { Vault } from '../../vault/vault.ts';
import type { SessionStore } from '../session-store.ts';
import { importAgentSessions } from './import-folder.ts';
import { listImportedProjects } from './known-projects.ts';
import { listAgentFolders, sessionsFolderOf, stampOf } from './read-folder.ts';

/** A tool writes several files one after the other. */
const SETTLE_MS = 300;

export interface KeepInStepDeps {
  readonly vault: Pick<Vault, 'listSessions'>;
  readonly store: SessionStore;
  readonly setTimer: (callback: () => void, delayMs: number) => CancelTimer;
  readonly loadExclusion: () => Promise<{ path(path: string): boolean }>;
  /** Takes in what hooks left while the vault was locked. */
  readonly takeNotes: () => Promise<void>;
  readonly onFailed: (error: PlainError) => void;
}

export class AgentSessionKeeper {
  readonly #deps: KeepInStepDeps;
  readonly #end = new AbortController();
  readonly #watched = new Set<string>();
  /** By project and session: what its files were when they were last read. */
  readonly #stamps = new Map<string, string>();
  #cancel: CancelTimer = () => {};
  #working: Promise<void> = Promise.resolve();

  constructor(deps: KeepInStepDeps) {
    this.#deps = deps;
  }

  /** Looks soon; may be called as often as there is a reason. */
  consider(): void {
    if (this.#end.signal.aborted) return;
    this.#cancel();
    this.#cancel = this.#deps.setTimer(() => {
      this.#working = this.#working.then(() => this.#look());
    }, SETTLE_MS);
  }

  /** Ends the watching; a look that runs comes to its end. */
  async stop(): Promise<void> {
    this.#end.abort();
    this.#cancel();
    await this.#working;
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    if (this.#end.signal.aborted) return;
    try {
      await this.#deps.takeNotes();
      const projects = await listImportedProjects(this.#deps.vault);
      for (const project of projects) {
        this.#watch(project);
        await this.#lookAt(project);
      }
    } catch (error) {
      if (!this.#end.signal.aborted) this.#deps.onFailed(toPlainError(error));
    }
  }

  async #lookAt(project: string): Promise<void> {
    const slugs = listAgentFolders(project);
    if (slugs === null) return;
    const stamps = new Map(slugs.map((slug) => [slug, stampOf(project, slug)]));
    const changed = slugs.filter((slug) => this.#stamps.get(`${project}\0${slug}`) !== stamps.get(slug));
    const known = [...this.#stamps.keys()].filter((place) => place.startsWith(`${project}\0`));
    const gone = known.filter((place) => !stamps.has(place.slice(project.length + 1)));
    if (changed.length === 0 && gone.length === 0) return;
    const exclusion = await this.#deps.loadExclusion();
    const isExcluded = (path: string): boolean => exclusion.path(path);
    await importAgentSessions(this.#deps.store, project, { isDryRun: false, isExcluded });
    for (const place of gone) this.#stamps.delete(place);
    for (const [slug, stamp] of stamps) this.#stamps.set(`${project}\0${slug}`, stamp);
  }

  #watch(project: string): void {
    if (this.#watched.has(project)) return;
    this.#watched.add(project);
    watchFolders({
      roots: [sessionsFolderOf(project)],
      signal: this.#end.signal,
      onChange: () => this.consider(),
    });
  }
}
