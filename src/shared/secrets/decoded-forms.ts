// The forms in which a text may hold a secret that no rule knows as it stands: escaped as in JSON, percent-encoded, as HTML entities, or
// with invisible characters between. Each form knows where its characters come from.

import type { SecretSpan } from './secret-rule.ts';

/** Escapes within escapes are undone so often. */
const MAX_DEPTH = 3;
const MAX_FORMS = 10;

export interface DecodedForm {
  readonly text: string;
  /** Where a span of this form stands in the text it was made of. */
  origin(span: SecretSpan): SecretSpan;
}

interface Decoder {
  readonly sign: RegExp;
  readonly units: RegExp;
  readonly decode: (unit: string) => string;
}

const JSON_ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' };
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', quot: '"', apos: "'", lt: '<', gt: '>', nbsp: ' ' };

const DECODERS: readonly Decoder[] = [
  {
    sign: /\\["\\/'nrtu]/,
    units: /\\(?:u[0-9A-Fa-f]{4}|["\\/'nrtbf])/g,
    decode: (unit) =>
      unit[1] === 'u'
        ? String.fromCharCode(Number.parseInt(unit.slice(2), 16))
        : (JSON_ESCAPES[unit[1] ?? ''] ?? unit.slice(1)),
  },
  {
    sign: /%[2-7][0-9A-Fa-f]/,
    units: /%(?:[2-7][0-9A-Fa-f]|0[AaDd])/g,
    decode: (unit) => String.fromCharCode(Number.parseInt(unit.slice(1), 16)),
  },
  {
    sign: /&(?:#|amp;|quot;|apos;|lt;|gt;|nbsp;)/,
    units: /&(?:#[0-9]{1,5}|#x[0-9A-Fa-f]{1,4}|amp|quot|apos|lt|gt|nbsp);/g,
    decode: (unit) => {
      const name = unit.slice(1, -1);
      if (name.startsWith('#x')) return String.fromCharCode(Number.parseInt(name.slice(2), 16));
      return name.startsWith('#') ? String.fromCharCode(Number(name.slice(1))) : (ENTITIES[name] ?? unit);
    },
  },
  {
    sign: /[\u00ad\u200b-\u200f\u2060-\u2064\ufeff\x1b]/,
    units: /[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]|\x1b\[[0-9;?]{0,24}[A-Za-z]/g,
    decode: () => '',
  },
];

/** Every form that differs from the text and from each other; none for most texts. */
export function decodedForms(text: string): readonly DecodedForm[] {
  const forms: DecodedForm[] = [];
  const seen = new Set([text]);
  let level: readonly DecodedForm[] = [{ text, origin: (span) => span }];
  for (let depth = 0; depth < MAX_DEPTH && level.length > 0; depth += 1) {
    const next: DecodedForm[] = [];
    for (const form of level) {
      for (const decoder of DECODERS) {
        if (forms.length + next.length >= MAX_FORMS || !decoder.sign.test(form.text)) continue;
        const decoded = decode(form, decoder);
        if (seen.has(decoded.text)) continue;
        seen.add(decoded.text);
        next.push(decoded);
      }
    }
    forms.push(...next);
    level = next;
  }
  return forms;
}

function decode(form: DecodedForm, { units, decode: decodeUnit }: Decoder): DecodedForm {
  const parts: string[] = [];
  // Of every character of the decoded text: where its unit begins and ends in the text before.
  const starts = new Uint32Array(form.text.length);
  const ends = new Uint32Array(form.text.length);
  let at = 0;
  const put = (text: string, from: number, unitLength: number): void => {
    parts.push(text);
    for (let offset = 0; offset < text.length; offset += 1, at += 1) {
      starts[at] = unitLength > 0 ? from : from + offset;
      ends[at] = unitLength > 0 ? from + unitLength : from + offset + 1;
    }
  };
  let from = 0;
  for (const { 0: unit, index } of form.text.matchAll(units)) {
    put(form.text.slice(from, index), from, 0);
    put(decodeUnit(unit), index, unit.length);
    from = index + unit.length;
  }
  put(form.text.slice(from), from, 0);
  return {
    text: parts.join(''),
    origin: ({ start, end }) => form.origin({ start: starts[start] ?? 0, end: ends[end - 1] ?? 0 }),
  };
}
