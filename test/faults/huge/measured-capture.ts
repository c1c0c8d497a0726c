// Runs a measurement in a process of its own, so that its memory is measured alone.

import { spawn } from 'node:child_process';

import { bundledPath } from '../../support/worker-path.ts';

export interface CaptureRequest {
  /** The source's id. */
  readonly source: string;
  /** Of the host whose programs' files are captured. */
  readonly folder: string;
  /** Of a host without any. */
  readonly emptyFolder: string;
  readonly env?: Readonly<Record<string, string>>;
  /** It also ends with the first capture that hands nothing over. */
  readonly maxCaptures: number;
  /** Holds what the first item's `transcript` has: then the item is shown, too. */
  readonly previewFile?: string;
}

export interface MeasuredItem {
  readonly key: string;
  readonly title: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Of all that was handed over of it so far. */
  readonly sizeBytes: number;
}

export interface MeasuredCapture {
  readonly storedBytes: number;
  readonly problems: readonly { readonly reason: string; readonly message: string; readonly key: string | null }[];
  readonly items: readonly MeasuredItem[];
}

export interface CaptureResult {
  readonly captures: readonly MeasuredCapture[];
  /** Beyond what the process had after its start. */
  readonly extraMb: number;
  readonly shown: ShownConversation | null;
}

export interface ShownConversation {
  /** Of all messages that can be shown. */
  readonly messageCount: number;
  readonly isCut: boolean;
  readonly extraMb: number;
}

/** @throws Error with what the process wrote where it did not end well */
export async function measureCapture(request: CaptureRequest): Promise<CaptureResult> {
  const flags = process.execArgv.filter((argument) => argument.startsWith('--no-'));
  const child = spawn(process.execPath, [...flags, bundledPath('measure-capture'), JSON.stringify(request)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => output.push(part));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw new Error(`the measurement ended with ${code}`);
  return JSON.parse(Buffer.concat(output).toString('utf8')) as CaptureResult; // measure-capture.ts wrote it
}
