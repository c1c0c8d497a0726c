// Reads KDL as far as Zellij's layouts need it: nodes with arguments, properties and children. Total: what is no KDL gives what was
// understood up to there.

export type KdlValue = string | number | boolean | null;

export interface KdlNode {
  readonly name: string;
  readonly args: readonly KdlValue[];
  readonly props: ReadonlyMap<string, KdlValue>;
  readonly children: readonly KdlNode[];
}

const MAX_DEPTH = 64;
const MAX_NODES = 50_000;
const SPACE = /(?:[^\S\n\r]|\\[^\S\n]*\r?\n|\/\*[^]*?\*\/|\/\/[^\n]*(?=\n|$))+/y;
const NODE_END = /(?:[\n\r;]|(?:[^\S\n\r])+)+/y;
const QUOTED = /"((?:[^"\\]|\\[^])*)"/y;
const RAW = /r(#*)"([^]*?)"\1/y;
const RAW_START = /r#*"/y;
const BARE = /[^\s"{}=;\\/()]+/y;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f', '/': '/' };

/** The nodes of a document. */
export function parseKdl(text: string): readonly KdlNode[] {
  return new Reader(text).nodes(0);
}

class Reader {
  readonly #text: string;
  #at = 0;
  #leftNodes = MAX_NODES;

  constructor(text: string) {
    this.#text = text;
  }

  /** Up to the end, or the `}` that ends these. */
  nodes(depth: number): KdlNode[] {
    const nodes: KdlNode[] = [];
    while (this.#at < this.#text.length && this.#leftNodes > 0) {
      if (this.#take(NODE_END) !== null || this.#take(SPACE) !== null) continue;
      if (this.#text[this.#at] === '}') break;
      const isOff = this.#skipText('/-');
      const node = this.#node(depth);
      if (node === null) break;
      if (!isOff) nodes.push(node);
    }
    return nodes;
  }

  #node(depth: number): KdlNode | null {
    const name = this.#word();
    if (name === null || depth > MAX_DEPTH) return null;
    this.#leftNodes -= 1;
    const args: KdlValue[] = [];
    const props = new Map<string, KdlValue>();
    const node = (children: readonly KdlNode[]): KdlNode => ({ name: name.text, args, props, children });
    for (;;) {
      this.#take(SPACE);
      const isOff = this.#skipText('/-');
      if (this.#skipText('{')) {
        const children = this.nodes(depth + 1);
        this.#skipText('}');
        if (!isOff) return node(children);
        continue;
      }
      const word = this.#word();
      if (word === null) return node([]);
      if (!this.#skipText('=')) {
        if (!isOff) args.push(valueOf(word));
        continue;
      }
      const value = this.#word();
      if (value === null) return node([]);
      if (!isOff) props.set(word.text, valueOf(value));
    }
  }

  #word(): { readonly text: string; readonly isBare: boolean } | null {
    const raw = this.#take(RAW);
    if (raw !== null) return { text: raw[2] ?? '', isBare: false };
    // Without its end: what follows is no KDL.
    RAW_START.lastIndex = this.#at;
    if (RAW_START.test(this.#text)) return null;
    const quoted = this.#take(QUOTED);
    if (quoted !== null) return { text: unescape(quoted[1] ?? ''), isBare: false };
    const bare = this.#take(BARE);
    return bare === null ? null : { text: bare[0], isBare: true };
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null || match[0] === '') return null;
    this.#at += match[0].length;
    return match;
  }

  #skipText(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }
}

function valueOf({ text, isBare }: { readonly text: string; readonly isBare: boolean }): KdlValue {
  if (!isBare) return text;
  if (text === 'true' || text === '#true') return true;
  if (text === 'false' || text === '#false') return false;
  if (text === 'null' || text === '#null') return null;
  const number = Number(text.replaceAll('_', ''));
  return Number.isFinite(number) ? number : text;
}

function unescape(text: string): string {
  return text.replaceAll(
    /\\(?:u\{([0-9a-fA-F]{1,6})\}|([^]))/g,
    (_, code: string | undefined, character: string | undefined) => {
      if (code === undefined) return ESCAPES[character ?? ''] ?? character ?? '';
      const point = Number.parseInt(code, 16);
      return point > 0x10ffff ? '\uFFFD' : String.fromCodePoint(point);
    },
  );
}
