// Where one HTTP request ends and the next begins, as far as clients of ours go: a head, and a body whose length is said.

const HEAD_END = Buffer.from('\r\n\r\n');

export interface RawRequest {
  readonly method: string;
  readonly path: string;
  /** Head and body, to the byte. */
  readonly bytes: Buffer;
  readonly headBytes: number;
}

/** Gathers what a client sends, and gives each request once it is whole. */
export class RequestReader {
  #rest: Buffer = Buffer.alloc(0);

  add(bytes: Buffer): RawRequest[] {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const requests: RawRequest[] = [];
    for (let request = this.#take(); request !== null; request = this.#take()) requests.push(request);
    return requests;
  }

  #take(): RawRequest | null {
    const end = this.#rest.indexOf(HEAD_END);
    if (end < 0) return null;
    const headBytes = end + HEAD_END.length;
    const head = this.#rest.subarray(0, headBytes).toString('latin1');
    if (/^transfer-encoding:/im.test(head)) throw new RangeError('a body whose length is not said');
    const size = headBytes + Number(/^content-length: *([0-9]+)/im.exec(head)?.[1] ?? 0);
    if (this.#rest.length < size) return null;
    const bytes = this.#rest.subarray(0, size);
    this.#rest = this.#rest.subarray(size);
    const [method = '', path = ''] = head.split(' ', 2);
    return { method, path, bytes, headBytes };
  }
}

/** The same request on a connection that ends with its answer. */
export function toLastRequest({ bytes, headBytes }: RawRequest): Buffer {
  const head = bytes.subarray(0, headBytes).toString('latin1');
  const last = head.replace(/^connection: .*\r\n/im, '').replace(/\r\n\r\n$/, '\r\nconnection: close\r\n\r\n');
  return Buffer.concat([Buffer.from(last, 'latin1'), bytes.subarray(headBytes)]);
}
