import { deepEqual, equal } from 'node:assert/strict'
import type { StoredRecord, TokenStore } from '@procore-auth/core'
import { atOnce, type Bed, newRecord } from './bench.js'

/** Declares the tests of `put` and `delete`, which name the generation that they replace. */
export function testCompareAndSet({ describe, test }: Bed): void {
  describe('compare and set', () => {
    test('a put over nothing creates', async ({ store, key }) => {
      equal(await store.put(key, newRecord(), undefined), true)
    })

    test('a put over nothing is refused when there is a record', async ({ store, key }) => {
      const stored = await storedRecord(store, key)
      equal(await store.put(key, newRecord(), undefined), false)
      await assertStored(store, key, stored)
    })

    test('a put over nothing is refused also with the generation that is stored', async ({
      store,
      key,
    }) => {
      const stored = await storedRecord(store, key)
      equal(await store.put(key, { ...stored, value: 'changed' }, undefined), false)
      await assertStored(store, key, stored)
    })

    test('a put over the stored generation replaces it', async ({ store, key }) => {
      const stored = await storedRecord(store, key)
      const next = newRecord()
      equal(await store.put(key, next, stored.generation), true)
      await assertStored(store, key, next)
    })

    test('a put over another generation is refused', async ({ store, key }) => {
      const stored = await storedRecord(store, key)
      equal(await store.put(key, newRecord(), newRecord().generation), false)
      await assertStored(store, key, stored)
    })

    test('a put over a generation that was replaced is refused', async ({ store, key }) => {
      const stored = await storedRecord(store, key)
      const next = newRecord()
      await store.put(key, next, stored.generation)
      equal(await store.put(key, newRecord(), stored.generation), false)
      await assertStored(store, key, next)
    })

    test('a put over a generation is refused when there is no record', async ({ store, key }) => {
      equal(await store.put(key, newRecord(), newRecord().generation), false)
      equal(await store.put(key, newRecord(), ''), false)
      equal(await store.get(key), undefined)
    })

    test('generations that differ in case or in a space are two', async ({ store, key }) => {
      await store.put(key, { generation: 'abc', value: 'first' }, undefined)
      for (const near of ['ABC', 'abc ', ' abc', 'ab', 'ab%', 'ab_', 'ab?', '*', '']) {
        equal(await store.put(key, newRecord(), near), false, JSON.stringify(near))
        equal(await store.delete(key, near), false, JSON.stringify(near))
      }
      equal((await store.get(key))?.value, 'first')
    })

    test('a record may be rewritten in its own generation, as a mark does', async ({
      store,
      key,
    }) => {
      const stored = await storedRecord(store, key)
      const marked = { ...stored, value: 'marked' }
      equal(await store.put(key, marked, stored.generation), true)
      await assertStored(store, key, marked)
    })

    test('a new generation is accepted over a mark on its predecessor', async ({ store, key }) => {
      const stored = await storedRecord(store, key)
      await store.put(key, { ...stored, value: 'marked' }, stored.generation)
      const next = newRecord()
      equal(await store.put(key, next, stored.generation), true)
      await assertStored(store, key, next)
    })

    test('a mark never undoes a new generation, whichever comes first', async ({ store, key }) => {
      let stored = await storedRecord(store, key)
      for (let round = 0; round < 10; round += 1) {
        const { generation } = stored
        const next = newRecord()
        const mark = (): Promise<boolean> =>
          store.put(key, { generation, value: 'marked' }, generation)
        const rotate = (): Promise<boolean> => store.put(key, next, generation)
        const results = await Promise.all([mark(), mark(), rotate(), mark(), mark()])
        equal(results[2], true)
        await assertStored(store, key, next)
        stored = next
      }
    })

    test('of 50 puts over the same generation exactly one succeeds', async ({ store, key }) => {
      const { generation } = await storedRecord(store, key)
      await assertOneWins(store, key, (record) => store.put(key, record, generation))
    })

    test('of 50 puts over nothing exactly one succeeds', async ({ store, key }) => {
      await assertOneWins(store, key, (record) => store.put(key, record, undefined))
    })

    test('a delete of the stored generation removes the record', async ({ store, key }) => {
      const { generation } = await storedRecord(store, key)
      equal(await store.delete(key, generation), true)
      equal(await store.get(key), undefined)
    })

    test('a delete of another generation is refused', async ({ store, key }) => {
      const stored = await storedRecord(store, key)
      equal(await store.delete(key, newRecord().generation), false)
      await assertStored(store, key, stored)
    })

    test('a delete is refused when there is no record', async ({ store, key }) => {
      equal(await store.delete(key, newRecord().generation), false)
      const { generation } = await storedRecord(store, key)
      equal(await store.delete(key, generation), true)
      equal(await store.delete(key, generation), false)
    })

    test('a record can be created again after a delete', async ({ store, key }) => {
      const gone = await storedRecord(store, key)
      await store.delete(key, gone.generation)
      equal(await store.put(key, newRecord(), gone.generation), false)
      const again = newRecord()
      equal(await store.put(key, again, undefined), true)
      await assertStored(store, key, again)
    })

    test('of 50 deletes of the same generation exactly one succeeds', async ({ store, key }) => {
      const { generation } = await storedRecord(store, key)
      const results = await atOnce(50, () => store.delete(key, generation))
      equal(results.filter(Boolean).length, 1)
      equal(await store.get(key), undefined)
    })

    test('of a put and a delete of the same generation exactly one succeeds', async ({
      store,
      key,
    }) => {
      for (let round = 0; round < 10; round += 1) {
        const stored = await storedRecord(store, `${key} ${round}`)
        const next = newRecord()
        const put = (): Promise<boolean> => store.put(`${key} ${round}`, next, stored.generation)
        const drop = (): Promise<boolean> => store.delete(`${key} ${round}`, stored.generation)
        const calls = round % 2 ? [put(), drop()] : [drop(), put()]
        const results = await Promise.all(calls)
        equal(results.filter(Boolean).length, 1)
        const hasPut = results[round % 2 ? 0 : 1] === true
        deepEqual((await store.get(`${key} ${round}`))?.value, hasPut ? next.value : undefined)
      }
    })
  })
}

/** Creates a record and returns it. */
async function storedRecord(store: TokenStore, key: string): Promise<StoredRecord> {
  const record = newRecord()
  equal(await store.put(key, record, undefined), true)
  return record
}

async function assertStored(store: TokenStore, key: string, record: StoredRecord): Promise<void> {
  deepEqual({ ...(await store.get(key)) }, record)
}

async function assertOneWins(
  store: TokenStore,
  key: string,
  put: (record: StoredRecord) => Promise<boolean>,
): Promise<void> {
  const records = Array.from({ length: 50 }, () => newRecord())
  const results = await Promise.all(records.map(put))
  const winners = records.filter((_, index) => results[index] === true)
  equal(winners.length, 1)
  deepEqual({ ...(await store.get(key)) }, winners[0])
}
