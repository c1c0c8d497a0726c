// What the vault reads of its own file before anything is authenticated, and what it decodes after.

import { zstdCompressSync } from 'node:zlib';

import { BOX_CODECS, parseBoxHeader } from '../../src/core/crypto/box.ts';
import { parseRecoveryKey } from '../../src/core/crypto/recovery-key.ts';
import { decodeContent } from '../../src/core/vault/content/codec.ts';
import { parseHeader } from '../../src/core/vault/keyring/header.ts';
import { encodeSidecar, parseSidecar } from '../../src/core/vault/keyring/sidecar.ts';
import { readLine, readPieces } from '../../src/core/vault/search/searchable-text.ts';
import { parseDeposit } from '../../src/core/vault/upkeep/inbox.ts';
import { parseParity } from '../../src/core/vault/upkeep/parity.ts';
import { parseBody, parseSignedPart, parseWireEntries } from '../../src/shared/replication/entry.ts';
import { parseFrames } from '../../src/shared/replication/frames.ts';
import { readSampleHeader } from './sample-vault.ts';
import { appErrors, fixtures, nothing, texts, type FuzzTarget } from './target.ts';

export function vaultTargets(): FuzzTarget[] {
  const [sidecar = Buffer.alloc(0)] = fixtures('vaults/format-1/vault.db.keys');
  return [
    {
      name: 'header',
      run: parseHeader,
      samples: [readSampleHeader()],
      words: ['CRNh\u0001\0\0\0', '"slots"', '"epochs"', '{', '}', '[', ']', 'null'],
      allows: nothing,
    },
    {
      name: 'sidecar',
      run: parseSidecar,
      samples: [
        encodeSidecar({ header: Buffer.from('header'), boxes: [Buffer.from('a'), Buffer.from('bb')] }),
        sidecar,
      ],
      words: ['CRNk\u0001\0\0\0', '\u00ff\u00ff\u00ff\u00ff'],
      allows: nothing,
    },
    {
      name: 'box-header',
      run: parseBoxHeader,
      samples: [sidecar.subarray(400, 600)],
      words: ['CRNb', '\u0001'],
      allows: nothing,
    },
    {
      name: 'parity',
      run: parseParity,
      samples: [Buffer.from([1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 1, 2, 3, 4])],
      words: ['\u0010\0\0\0', '\u00ff\u00ff\u00ff\u00ff'],
      allows: nothing,
    },
    {
      name: 'deposit',
      run: parseDeposit,
      samples: [zstdCompressSync(Buffer.from([0xff, 0x0f, 0x6f, 0x7b, 0]))],
      words: ['\u0028\u00b5\u002f\u00fd', '\u00ff\u000f', 'o', '"'],
      allows: nothing,
    },
    {
      name: 'content',
      run: (bytes) => decodeContent(BOX_CODECS.zstd, bytes, 1_000_000),
      samples: [zstdCompressSync(Buffer.from('content '.repeat(50)))],
      words: ['\u0028\u00b5\u002f\u00fd'],
      allows: () => true,
    },
    {
      name: 'searchable-text',
      run: (bytes) => [readPieces(bytes, true), readPieces(bytes, false), readLine(bytes.toString(), true)],
      samples: fixtures('claude-code/claude-code__multi-turn-tool-resumed-continue.jsonl', 'shell/zsh_history'),
      words: ['\u001b[', '\u001b]0;', '\u0007', '"text":"', '\\u0000', '\n'],
      allows: nothing,
    },
    {
      name: 'recovery-key',
      run: (bytes) => parseRecoveryKey(bytes.toString()),
      samples: texts('RYWN-5PFC-WSCS-7Y9R-V4MM-HJX6-RTAD-8G48-28AY'),
      words: ['-', ' ', 'O', 'I', 'l', 'U'],
      allows: appErrors,
    },
    {
      name: 'replication-entry',
      run: (bytes) => [parseSignedPart(bytes), parseBody(bytes), parseWireEntries(bytes)],
      samples: [
        Buffer.alloc(200, 1),
        Buffer.from([0, 0, 0, 4, 1, 2, 3, 4, ...Array.from({ length: 64 }, () => 0), 0, 0, 0, 2, 5, 6]),
      ],
      words: ['\0\0\0\u0004', '\u00ff\u00ff\u00ff\u00ff'],
      allows: nothing,
    },
    {
      name: 'replication-frames',
      run: parseFrames,
      samples: [Buffer.alloc(120, 0), Buffer.alloc(300, 1)],
      words: ['\0\0\0\u0004', '\u00ff\u00ff\u00ff\u00ff'],
      allows: nothing,
    },
  ];
}
