// The rules of secretlint, without its engine: that keeps marks of every run for ever, builds messages that hold the secret, and has a
// filter by which a comment in the text turns rules off. Device and server use the same one; the rest of the work is src/shared/secrets.

import { rules as presetRules } from '@secretlint/secretlint-rule-preset-recommend';

import type { FoundSecret } from '../shared/secrets/redact-text.ts';
import type { SecretScanner } from '../shared/secrets/secret-scanner.ts';

/** Letters of a token: a report's range is widened over them, since rules report ranges that are shorter than the secret. */
const TOKEN_LETTER = /[A-Za-z0-9+/=_-]/;
const MAX_WIDENING = 512;
const MIN_DATA = 8;

interface Rule {
  readonly meta: { readonly id: string };
  create(context: RuleContext, options: object): { file?(source: RuleSource): unknown };
}

interface RuleContext {
  readonly sharedOptions: object;
  createTranslator(): (messageId: string, data?: Readonly<Record<string, unknown>>) => Translated;
  report(report: { readonly message: Translated; readonly range: readonly [number, number] }): void;
  ignore(): void;
}

interface RuleSource {
  readonly content: string;
  readonly filePath: string;
  readonly ext: string;
  readonly contentType: 'text';
  readonly hasBOM: boolean;
  getFilePath(): string;
  getPhysicalFilePath(): undefined;
}

interface Translated {
  readonly data: Readonly<Record<string, unknown>>;
}

const ID_PREFIX = '@secretlint/secretlint-rule-';
/** Ids of access keys, which the rules leave alone by default. */
const OPTIONS: Readonly<Record<string, object>> = { aws: { enableIDScanRule: true } };

/** @throws Error where the package's rules are not what is expected: then nothing can be published */
export function createSecretlintScanner(): SecretScanner {
  const rules = (presetRules as unknown as readonly Rule[]) // its own types are in a package that it does not bring
    .map((rule) => ({ id: rule.meta.id.replace(ID_PREFIX, ''), rule }))
    .filter(({ id }) => id !== 'filter-comments');
  if (rules.length < 20 || rules.some(({ rule }) => typeof rule.create !== 'function'))
    throw new Error('the rules of secretlint are not there');
  return {
    find: async (text) => {
      const found: FoundSecret[] = [];
      for (const { id, rule } of rules) {
        const context: RuleContext = {
          sharedOptions: {},
          createTranslator: () => (_, data) => ({ data: data ?? {} }),
          report: ({ message, range: [start, end] }) => {
            found.push(...spansOf(text, { start, end }, message.data).map((span) => ({ rule: id, ...span })));
          },
          ignore: () => {},
        };
        await rule.create(context, OPTIONS[id] ?? {}).file?.(sourceOf(text));
      }
      return found;
    },
  };
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** The reported range, widened, and the secret itself where the report names it: some ranges begin at the name before it. */
function spansOf(text: string, range: Span, data: Translated['data']): Span[] {
  const spans = [widen(text, range)];
  for (const value of Object.values(data)) {
    if (typeof value !== 'string' || value.length < MIN_DATA) continue;
    const start = text.indexOf(value, range.start);
    if (start >= 0) spans.push({ start, end: start + value.length });
  }
  return spans;
}

function widen(text: string, { start, end }: Span): Span {
  let to = end;
  while (to < text.length && to < end + MAX_WIDENING && TOKEN_LETTER.test(text[to] ?? ' ')) to += 1;
  return { start, end: to };
}

function sourceOf(content: string): RuleSource {
  return {
    content,
    filePath: 'session.txt',
    ext: '.txt',
    contentType: 'text',
    hasBOM: false,
    getFilePath: () => 'session.txt',
    getPhysicalFilePath: () => undefined,
  };
}
