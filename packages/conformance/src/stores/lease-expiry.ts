import { equal } from 'node:assert/strict'
import { atOnce, type Bed, LONG_MS } from './bench.js'

/** Declares the tests of how leases end by themselves. */
export function testLeaseExpiry({ describe, test }: Bed): void {
  describe('the end of a lease', () => {
    test('comes by itself', async ({ store, key, leaseMs, outwait }) => {
      equal(await store.acquireLease(key, 'first', leaseMs), true)
      await outwait()
      equal(await store.acquireLease(key, 'second', LONG_MS), true)
    })

    test('of one name leaves the others held', async ({ store, key, leaseMs, outwait }) => {
      await store.acquireLease(`${key} long`, 'first', LONG_MS)
      await store.acquireLease(`${key} short`, 'first', leaseMs)
      await outwait()
      equal(await store.acquireLease(`${key} short`, 'second', LONG_MS), true)
      equal(await store.acquireLease(`${key} long`, 'second', LONG_MS), false)
    })

    test('is put off by taking it again', async ({ store, key, leaseMs, outwait }) => {
      await store.acquireLease(key, 'first', leaseMs)
      equal(await store.acquireLease(key, 'first', LONG_MS), true)
      await outwait()
      equal(await store.acquireLease(key, 'second', LONG_MS), false)
    })

    test('is brought forward by taking it again for less', async ({
      store,
      key,
      leaseMs,
      outwait,
    }) => {
      await store.acquireLease(key, 'first', LONG_MS)
      equal(await store.acquireLease(key, 'first', leaseMs), true)
      await outwait()
      equal(await store.acquireLease(key, 'second', LONG_MS), true)
    })

    test('is not the end when nobody else wants it', async ({ store, key, leaseMs, outwait }) => {
      await store.acquireLease(key, 'first', leaseMs)
      await outwait()
      equal(await store.acquireLease(key, 'first', LONG_MS), true)
      equal(await store.acquireLease(key, 'second', LONG_MS), false)
    })

    test('is final once another holds it', async ({ store, key, leaseMs, outwait }) => {
      await store.acquireLease(key, 'first', leaseMs)
      await outwait()
      await store.acquireLease(key, 'second', LONG_MS)
      equal(await store.acquireLease(key, 'first', LONG_MS), false)
      equal(await store.acquireLease(key, 'second', LONG_MS), true)
    })

    test('makes giving back do nothing to the next owner', async ({
      store,
      key,
      leaseMs,
      outwait,
    }) => {
      await store.acquireLease(key, 'first', leaseMs)
      await outwait()
      await store.acquireLease(key, 'second', LONG_MS)
      await store.releaseLease(key, 'first')
      equal(await store.acquireLease(key, 'third', LONG_MS), false)
      equal(await store.acquireLease(key, 'second', LONG_MS), true)
    })

    test('lets exactly one of 50 waiting owners in', async ({ store, key, leaseMs, outwait }) => {
      await store.acquireLease(key, 'first', leaseMs)
      await outwait()
      const results = await atOnce(50, (index) =>
        store.acquireLease(key, `owner ${index}`, LONG_MS),
      )
      equal(results.filter(Boolean).length, 1)
    })
  })
}
