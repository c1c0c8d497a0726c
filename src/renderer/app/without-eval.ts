// The policy of the page forbids code that is made from text, so zod need not try whether it may: each try would be a violation. Comes
// before everything that makes a schema.

import { config } from 'zod';

config({ jitless: true });
