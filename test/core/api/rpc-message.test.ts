import { describe, expect, it } from 'vitest';

import { isRpcMessage } from '../../../src/core/api/rpc-message.ts';

describe('isRpcMessage()', () => {
  it.each([
    '{"i":"1","p":{"u":"/status","b":{"json":null}}}',
    '{"i":"1","t":1,"p":{"u":"/events","h":{"last-event-id":"7"},"m":"GET"}}',
    '{"i":"1","t":3,"p":{"e":"message","d":1}}',
    '{"i":"1","t":4}',
  ])('takes %s', (text) => {
    expect(isRpcMessage(text)).toBe(true);
  });

  it.each([
    ['no text', new Uint8Array([123, 125])],
    ['an object', { i: '1', t: 4 }],
    ['nothing', undefined],
    ['no JSON', '{"i"'],
    ['a list', '[]'],
    ['a call of nothing', '{"i":"1","p":{}}'],
    ['an address elsewhere', '{"i":"1","p":{"u":"http://example.org/"}}'],
    ['an event without content', '{"i":"1","t":3}'],
    ['a body of another kind', '{"i":"1","p":{"u":"/x","h":{"Content-Type":"multipart/form-data"}}}'],
    ['a body with a name', '{"i":"1","p":{"u":"/x","h":{"content-disposition":"x"}}}'],
    ['headers that are no text', '{"i":"1","p":{"u":"/x","h":{"a":{}}}}'],
    ['an unknown kind', '{"i":"1","t":2,"p":{"u":"/x"}}'],
  ])('refuses %s', (_, data) => {
    expect(isRpcMessage(data)).toBe(false);
  });
});
