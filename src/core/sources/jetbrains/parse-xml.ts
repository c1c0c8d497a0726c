// As much of XML as JetBrains' settings use: elements and attributes. Total, and linear in the text. There are no document types and so
// no entities of the file's own, which is why no library is used: nothing that could expand or be fetched is understood here.

const MAX_DEPTH = 200;
const MAX_ELEMENTS = 300_000;
const NAME = /[A-Za-z_:][\w:.-]*/y;
const ATTRIBUTE = /\s+([A-Za-z_:][\w:.-]*)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y;
const TAG_END = /\s*(\/?)>/y;
const CLOSING = /\/([A-Za-z_:][\w:.-]*)\s*>/y;
const ENTITY = /&(?:(lt|gt|amp|quot|apos)|#(\d{1,7})|#x([0-9a-fA-F]{1,6}));/g;
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
}

interface OpenElement extends XmlElement {
  readonly children: XmlElement[];
}

/** Parses a document and gives its root; null where it is not well formed, has a document type, or is too deep or too large. */
export function parseXml(text: string): XmlElement | null {
  const top: OpenElement = { name: '', attributes: new Map(), children: [] };
  const open: OpenElement[] = [top];
  let elements = 0;
  for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at)) {
    const skipped = skipMarkup(text, at);
    if (skipped === null) return null;
    if (skipped > at) {
      at = skipped;
      continue;
    }
    const closing = matchAt(CLOSING, text, at + 1);
    if (closing !== null) {
      if (open.length < 2 || open.pop()?.name !== closing[1]) return null;
      at = CLOSING.lastIndex;
      continue;
    }
    const read = readTag(text, at + 1);
    elements += 1;
    if (read === null || elements > MAX_ELEMENTS || open.length > MAX_DEPTH) return null;
    open.at(-1)?.children.push(read.element);
    if (!read.isEmpty) open.push(read.element);
    at = read.end;
  }
  const [root, ...others] = top.children;
  return open.length === 1 && root !== undefined && others.length === 0 ? root : null;
}

/** All elements of this name, however deep. */
export function findElements(root: XmlElement, name: string): XmlElement[] {
  const found: XmlElement[] = [];
  const left = [root];
  for (let element = left.pop(); element !== undefined; element = left.pop()) {
    if (element.name === name) found.push(element);
    // One by one: there may be more than a call takes arguments.
    for (const child of element.children.toReversed()) left.push(child);
  }
  return found;
}

/** Where comments, instructions and plain character data end; the position itself where there are none, null where one has no end. */
function skipMarkup(text: string, at: number): number | null {
  if (text.startsWith('<!--', at)) return after(text, '-->', at + 4);
  if (text.startsWith('<![CDATA[', at)) return after(text, ']]>', at + 9);
  if (text.startsWith('<?', at)) return after(text, '?>', at + 2);
  return text.startsWith('<!', at) ? null : at;
}

function after(text: string, end: string, from: number): number | null {
  const found = text.indexOf(end, from);
  return found < 0 ? null : found + end.length;
}

function readTag(text: string, at: number): { element: OpenElement; isEmpty: boolean; end: number } | null {
  const name = matchAt(NAME, text, at)?.[0];
  if (name === undefined) return null;
  const attributes = new Map<string, string>();
  let end = NAME.lastIndex;
  for (let match = matchAt(ATTRIBUTE, text, end); match !== null; match = matchAt(ATTRIBUTE, text, end)) {
    attributes.set(match[1] ?? '', decodeEntities(match[2] ?? match[3] ?? ''));
    end = ATTRIBUTE.lastIndex;
  }
  const closing = matchAt(TAG_END, text, end);
  if (closing === null) return null;
  return { element: { name, attributes, children: [] }, isEmpty: closing[1] === '/', end: TAG_END.lastIndex };
}

function decodeEntities(value: string): string {
  if (!value.includes('&')) return value;
  return value.replaceAll(ENTITY, (whole, named?: string, decimal?: string, hexadecimal?: string) => {
    if (named !== undefined) return ENTITIES[named] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hexadecimal ?? '', 16) : Number(decimal);
    return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : whole;
  });
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
