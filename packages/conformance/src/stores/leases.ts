import { deepEqual, equal } from 'node:assert/strict'
import type { TokenStore } from '@procore-auth/core'
import { atOnce, type Bed, LONG_MS, listed, newRecord } from './bench.js'
import { longTwins, ODD_TEXTS, TWIN_ENDINGS, wideTwins } from './names.js'

/** Declares the tests of leases while they last. */
export function testLeases({ describe, test }: Bed): void {
  describe('leases', () => {
    test('a lease is held by one owner', async ({ store, key }) => {
      equal(await store.acquireLease(key, 'first', LONG_MS), true)
      equal(await store.acquireLease(key, 'second', LONG_MS), false)
      equal(await store.acquireLease(key, 'FIRST', LONG_MS), false)
    })

    test('its owner may take it again, and keeps it', async ({ store, key }) => {
      equal(await store.acquireLease(key, 'first', LONG_MS), true)
      equal(await store.acquireLease(key, 'first', LONG_MS), true)
      equal(await store.acquireLease(key, 'second', LONG_MS), false)
      equal(await store.acquireLease(key, 'first', LONG_MS), true)
    })

    test('a lease that was given back can be taken', async ({ store, key }) => {
      await store.acquireLease(key, 'first', LONG_MS)
      equal(await store.releaseLease(key, 'first'), undefined)
      equal(await store.acquireLease(key, 'second', LONG_MS), true)
      equal(await store.acquireLease(key, 'first', LONG_MS), false)
    })

    test('a lease that was taken several times is given back once', async ({ store, key }) => {
      await store.acquireLease(key, 'first', LONG_MS)
      await store.acquireLease(key, 'first', LONG_MS)
      await store.releaseLease(key, 'first')
      equal(await store.acquireLease(key, 'second', LONG_MS), true)
    })

    test('nobody gives back the lease of another', async ({ store, key }) => {
      await store.acquireLease(key, 'first', LONG_MS)
      await store.releaseLease(key, 'second')
      equal(await store.acquireLease(key, 'third', LONG_MS), false)
    })

    test('giving back what nobody holds does nothing', async ({ store, key }) => {
      await store.releaseLease(key, 'first')
      await store.acquireLease(key, 'first', LONG_MS)
      await store.releaseLease(key, 'first')
      await store.releaseLease(key, 'first')
      equal(await store.acquireLease(key, 'second', LONG_MS), true)
    })

    test('of 50 owners at once exactly one gets it', async ({ store, key }) => {
      await assertOneHolds(store, key)
      equal(await store.acquireLease(key, 'late', LONG_MS), false)
    })

    test('leases of different names have nothing to do with each other', async ({ store, key }) => {
      const names = [...ODD_TEXTS.map((odd) => `${key}${odd}`), ...longTwins(), ...wideTwins()]
      for (const name of names) equal(await store.acquireLease(name, name, LONG_MS), true, name)
      for (const name of names) equal(await store.acquireLease(name, 'x', LONG_MS), false, name)
      await store.releaseLease(`${key}%`, `${key}%`)
      await store.releaseLease(`${key}*`, `${key}*`)
      equal(await store.acquireLease(`${key}::`, 'x', LONG_MS), false)
      equal(await store.acquireLease(`${key}%`, 'x', LONG_MS), true)
    })

    test('names that look alike are two', async ({ store, key }) => {
      for (const [index, twins] of Object.values(TWIN_ENDINGS).entries()) {
        for (const twin of twins) {
          equal(await store.acquireLease(`${key}${index} ${twin}`, twin, LONG_MS), true, twin)
        }
      }
    })

    test('a lease keeps nobody from reading, writing and deleting', async ({ store, key }) => {
      await store.acquireLease(key, 'first', LONG_MS)
      const record = newRecord()
      const next = newRecord()
      equal(await store.get(key), undefined)
      equal(await store.put(key, record, undefined), true)
      equal(await store.put(key, next, record.generation), true)
      deepEqual({ ...(await store.get(key)) }, next)
      equal(await store.delete(key, next.generation), true)
      equal(await store.acquireLease(key, 'second', LONG_MS), false)
    })

    test('a record is not touched by a lease of its key', async ({ store, key }) => {
      const record = newRecord()
      await store.put(key, record, undefined)
      equal(await store.acquireLease(key, 'first', LONG_MS), true)
      deepEqual({ ...(await store.get(key)) }, record)
      await store.releaseLease(key, 'first')
      deepEqual({ ...(await store.get(key)) }, record)
    })

    test('a lease is not listed', async ({ store, key }) => {
      await store.acquireLease(`${key} lease`, 'first', LONG_MS)
      await store.put(`${key} record`, newRecord(), undefined)
      await store.acquireLease(`${key} record`, 'first', LONG_MS)
      deepEqual(await listed(store, key), [`${key} record`])
    })
  })
}

/** Lets 50 owners try for a lease at once and checks that one of them gets it, and keeps it. */
async function assertOneHolds(store: TokenStore, name: string): Promise<void> {
  const attempt = (index: number): Promise<boolean> =>
    store.acquireLease(name, `owner ${index}`, LONG_MS)
  const first = await atOnce(50, attempt)
  equal(first.filter(Boolean).length, 1)
  deepEqual(await atOnce(50, attempt), first)
}
