import { deepEqual, equal } from 'node:assert/strict'
import { type Bed, LONG_MS, listed, newRecord, uniqueText } from './bench.js'
import { ODD_TEXTS } from './names.js'

/** Declares the tests of what is still there when the store is opened again. */
export function testDurability({ describe, testReopened }: Bed): void {
  describe('after opening again', () => {
    const kept = { generation: uniqueText(), value: uniqueText() }

    testReopened('records are there as they were written last', {
      before: async ({ store, key }) => {
        const first = newRecord()
        await store.put(key, first, undefined)
        equal(await store.put(key, kept, first.generation), true)
      },
      after: async ({ store, key }) => {
        deepEqual({ ...(await store.get(key)) }, kept)
        equal(await store.put(key, newRecord(), undefined), false)
        equal(await store.put(key, newRecord(), kept.generation), true)
      },
    })

    testReopened('keys of any characters are there', {
      before: async ({ store, key }) => {
        for (const odd of ODD_TEXTS) await store.put(`${key}${odd}`, newRecord(odd), undefined)
      },
      after: async ({ store, key }) => {
        for (const odd of ODD_TEXTS) equal((await store.get(`${key}${odd}`))?.value, odd)
        equal((await listed(store, key)).length, ODD_TEXTS.length)
      },
    })

    testReopened('what was deleted is gone', {
      before: async ({ store, key }) => {
        await store.put(key, kept, undefined)
        equal(await store.delete(key, kept.generation), true)
      },
      after: async ({ store, key }) => {
        equal(await store.get(key), undefined)
        deepEqual(await listed(store, key), [])
      },
    })

    testReopened('a lease is still held', {
      before: async ({ store, key }) => {
        equal(await store.acquireLease(key, 'first', LONG_MS), true)
      },
      after: async ({ store, key }) => {
        equal(await store.acquireLease(key, 'second', LONG_MS), false)
        equal(await store.acquireLease(key, 'first', LONG_MS), true)
      },
    })
  })
}
