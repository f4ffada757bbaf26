import { rejects } from 'node:assert/strict'
import type { TokenStore } from '@procore-auth/core'
import { type Bed, LONG_MS, listed, newRecord, uniqueText, using } from './bench.js'
import type { TokenStoreSubject } from './subject.js'

const CALLS: Readonly<Record<string, (store: TokenStore) => Promise<unknown>>> = {
  get: (store) => store.get(uniqueText()),
  put: (store) => store.put(uniqueText(), newRecord(), undefined),
  delete: (store) => store.delete(uniqueText(), uniqueText()),
  acquireLease: (store) => store.acquireLease(uniqueText(), 'first', LONG_MS),
  releaseLease: (store) => store.releaseLease(uniqueText(), 'first'),
  list: (store) => listed(store, ''),
}

/** Declares the tests of a store that cannot be reached: it may never answer "nothing there". */
export function testUnreachable(
  { describe, declare }: Bed,
  open: NonNullable<TokenStoreSubject['openUnreachable']>,
): void {
  describe('out of reach', () => {
    for (const [method, call] of Object.entries(CALLS)) {
      declare(`${method} rejects`, () => using(open, (store) => rejects(call(store))))
    }
  })
}
