// A source whose answers a test writes, and a host that touches nothing of the machine.

import { AppError } from '../../src/shared/model/app-error.ts';
import { parseSourceId, type ItemKey } from '../../src/shared/model/ids.ts';
import type { CapturedItem, ItemKind, SnapshotItem } from '../../src/shared/model/item.ts';
import type { PlannedStep, StepResult } from '../../src/shared/model/restore.ts';
import type {
  CaptureContext,
  Host,
  Source,
  SourceCapture,
  SourceDetection,
  SourceProblem,
  WatchContext,
} from '../../src/core/sources/source.ts';
import { key } from './captures.ts';

export interface FakeSourceOptions {
  readonly title?: string;
  readonly kinds?: readonly ItemKind[];
  readonly readsPaths?: boolean;
}

/** What the next captures give, in turn; the last one again and again. */
type Answer = Partial<SourceCapture> | Error | ((context: CaptureContext) => Promise<Partial<SourceCapture>>);

export class FakeSource implements Source {
  readonly id;
  readonly title: string;
  readonly kinds: readonly ItemKind[];
  readonly readsPaths: boolean;
  /** The contexts of all captures, in order. */
  readonly contexts: CaptureContext[] = [];
  /** The watches that were begun. */
  readonly watches: WatchContext[] = [];
  #answers: Answer[] = [{}];

  constructor(id: string, options: FakeSourceOptions = {}) {
    this.id = parseSourceId(id);
    this.title = options.title ?? id;
    this.kinds = options.kinds ?? ['terminal'];
    this.readsPaths = options.readsPaths ?? false;
  }

  /** Says what the next captures give. */
  answer(...answers: readonly Answer[]): this {
    this.#answers = [...answers];
    return this;
  }

  /** Hangs until the deadline; what it gives then comes too late. */
  hang(): this {
    return this.answer(() => new Promise(() => {}));
  }

  /** An item of this source; `name` follows its id in the key. */
  item(name: string, overrides: Partial<CapturedItem> = {}): CapturedItem {
    const kind = this.kinds[0] ?? 'terminal';
    return {
      key: this.key(name),
      kind,
      source: this.id,
      group: 'g',
      title: name,
      attributes: {},
      streams: [],
      ...overrides,
    };
  }

  key(name: string): ItemKey {
    return key(`${this.id}:${name}`);
  }

  detect(): Promise<SourceDetection> {
    return Promise.resolve({ isPresent: true, summary: 'a fake' });
  }

  async capture(context: CaptureContext): Promise<SourceCapture> {
    this.contexts.push(context);
    const answer = this.#answers.length > 1 ? this.#answers.shift() : this.#answers[0];
    if (answer instanceof Error) throw answer;
    const {
      items = [],
      problems = [],
      closed = [],
    } = (typeof answer === 'function' ? await answer(context) : answer) ?? {};
    return { items, problems, closed };
  }

  async watch(context: WatchContext): Promise<void> {
    this.watches.push(context);
  }

  /** Signals a change to whoever watches. */
  change(): void {
    for (const watch of this.watches) if (!watch.signal.aborted) watch.onChange();
  }

  async planRestore(items: readonly SnapshotItem[]): Promise<readonly PlannedStep[]> {
    return items.map((item) => ({
      key: item.key,
      source: this.id,
      action: 'open',
      status: 'planned',
      detail: `Open ${item.title}.`,
      payload: { title: item.title },
    }));
  }

  async *applyRestore(steps: readonly PlannedStep[]): AsyncIterable<StepResult> {
    for (const { key: itemKey, action, detail } of steps) {
      yield { key: itemKey, action, status: 'done', detail, undo: { opened: itemKey } };
    }
  }

  async undoRestore(result: StepResult): Promise<StepResult> {
    return { ...result, detail: 'Closed again.' };
  }
}

export function aProblem(overrides: Partial<SourceProblem> = {}): SourceProblem {
  return { reason: 'unreadable', message: 'One thing could not be read.', ...overrides };
}

/** A host without programs: whatever a source wants to run cannot be started. */
export function fakeHost(overrides: Partial<Host> = {}): Host {
  return {
    platform: 'linux',
    homeDir: '/home/dev',
    uid: 1000,
    env: { HOME: '/home/dev' },
    procDir: '/nonexistent/proc',
    run: (file) => Promise.reject(new AppError('EXEC_FAILED', `${file} could not be started (ENOENT).`)),
    ...overrides,
  };
}
