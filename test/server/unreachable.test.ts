import { describe, expect, it } from 'vitest';

import { isUnreachable } from '../../src/server/store/unreachable.ts';

const coded = (code: string, more: object = {}): Error => Object.assign(new Error('x'), { code }, more);

describe('isUnreachable()', () => {
  it.each([
    { name: 'a database that is shutting down', error: coded('57P01') },
    { name: 'too many connections', error: coded('53300') },
    { name: 'nobody listening', error: coded('ECONNREFUSED', { syscall: 'connect' }) },
    { name: 'a socket that is not there', error: coded('ENOENT', { syscall: 'connect' }) },
    { name: 'a name that is unknown for now', error: coded('ENOTFOUND', { syscall: 'getaddrinfo' }) },
    { name: 'a network without a way', error: coded('EHOSTUNREACH', { syscall: 'connect' }) },
    { name: 'no connection in time', error: new Error('timeout exceeded when trying to connect') },
    { name: 'a connection that broke', error: new Error('Connection terminated unexpectedly') },
    { name: 'a connection that is broken', error: new Error('Client was closed and is not queryable') },
    { name: 'a full disk', error: coded('SQLITE_FULL') },
  ])('is true of $name', ({ error }) => expect(isUnreachable(error)).toBe(true));

  it.each([
    { name: 'a file that is not there', error: coded('ENOENT', { syscall: 'open' }) },
    { name: 'a row that is there already', error: coded('23505') },
    { name: 'a mistake of ours', error: new TypeError('x is not a function') },
    { name: 'a code that is a number', error: Object.assign(new Error('x'), { code: 57 }) },
    { name: 'no error at all', error: null },
  ])('is false of $name', ({ error }) => expect(isUnreachable(error)).toBe(false));
});
