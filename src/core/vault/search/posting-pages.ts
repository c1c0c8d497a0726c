// Pages of postings: terms rising, each as the distance to the one before, with the documents that hold it as distances too. All as
// variable-length numbers of seven bits a byte. Frozen with INDEX_FORMAT.

/**
 * Goes through postings by rising term. There are hundreds of thousands in a merge, so what it shows holds only until it goes on: none of them is
 * an object of its own.
 */
export interface PostingCursor {
  /** -1 before the first and behind the last one. */
  readonly term: number;
  /** Documents that hold the term, rising. */
  readonly documents: DocumentList;
  /** False where there is no further one. */
  advance(): boolean;
}

/** Numbers of documents in memory that is used again. */
export class DocumentList {
  #numbers = new Uint32Array(64);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  at(index: number): number {
    return this.#numbers[index] ?? 0;
  }

  push(document: number): void {
    if (this.#length === this.#numbers.length) {
      const larger = new Uint32Array(this.#length * 2);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#numbers[this.#length] = document;
    this.#length += 1;
  }

  clear(): void {
    this.#length = 0;
  }
}

const PAGE_BYTES = 48 * 1024;
const LAST_SEVEN = 0x7f;
const MORE = 0x80;

/** Fills pages; gives each when it is full. */
export class PostingPageWriter {
  #bytes = Buffer.allocUnsafeSlow(PAGE_BYTES * 2);
  #at = 0;
  #term = 0;
  #firstTerm = -1;
  readonly #onPage: (firstTerm: number, page: Buffer) => void;

  constructor(onPage: (firstTerm: number, page: Buffer) => void) {
    this.#onPage = onPage;
  }

  /** Terms must rise. */
  add(term: number, documents: DocumentList): void {
    const most = 10 + documents.length * 5;
    if (this.#at > 0 && this.#at + most > PAGE_BYTES && this.#at > PAGE_BYTES / 2) this.flush();
    if (this.#at + most > this.#bytes.length) this.#grow(this.#at + most);
    if (this.#firstTerm < 0) {
      this.#firstTerm = term;
      this.#term = term;
    }
    this.#put(term - this.#term);
    this.#term = term;
    this.#put(documents.length);
    let before = 0;
    for (let at = 0; at < documents.length; at += 1) {
      const document = documents.at(at);
      this.#put(document - before);
      before = document;
    }
  }

  flush(): void {
    if (this.#at === 0) return;
    this.#onPage(this.#firstTerm, Buffer.from(this.#bytes.subarray(0, this.#at)));
    this.#at = 0;
    this.#firstTerm = -1;
  }

  #put(value: number): void {
    let left = value;
    while (left > LAST_SEVEN) {
      this.#bytes[this.#at] = (left & LAST_SEVEN) | MORE;
      this.#at += 1;
      left = Math.floor(left / 128);
    }
    this.#bytes[this.#at] = left;
    this.#at += 1;
  }

  #grow(size: number): void {
    const bytes = Buffer.allocUnsafeSlow(size * 2);
    bytes.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = bytes;
  }
}

/** Goes through a page. */
export class PostingPageReader implements PostingCursor {
  readonly documents: DocumentList;
  readonly #bytes: Uint8Array;
  #at = 0;
  #term: number;

  /** @param documents where they are put; by default in a list of its own */
  constructor(bytes: Uint8Array, firstTerm: number, documents = new DocumentList()) {
    this.#bytes = bytes;
    this.#term = firstTerm;
    this.documents = documents;
  }

  get term(): number {
    return this.#term;
  }

  /** The documents of a term; empty where the page does not have it. */
  find(term: number): number[] {
    while (this.#at < this.#bytes.length) {
      this.#term += this.#take();
      const count = this.#take();
      if (this.#term === term) {
        this.#read(count);
        return Array.from({ length: count }, (_, at) => this.documents.at(at));
      }
      if (this.#term > term) return [];
      this.#skip(count);
    }
    return [];
  }

  advance(): boolean {
    this.documents.clear();
    if (this.#at >= this.#bytes.length) {
      this.#term = -1;
      return false;
    }
    this.#term += this.#take();
    this.#read(this.#take());
    return true;
  }

  #read(count: number): void {
    let document = 0;
    for (let left = count; left > 0; left -= 1) {
      document += this.#take();
      this.documents.push(document);
    }
  }

  #skip(count: number): void {
    for (let left = count; left > 0;) {
      if (((this.#bytes[this.#at] ?? 0) & MORE) === 0) left -= 1;
      this.#at += 1;
      if (this.#at > this.#bytes.length) return;
    }
  }

  #take(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.#bytes[this.#at] ?? 0;
      this.#at += 1;
      value += (byte & LAST_SEVEN) * scale;
      if ((byte & MORE) === 0) return value;
      scale *= 128;
    }
  }
}
