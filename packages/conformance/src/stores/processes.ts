import { deepEqual, equal, fail } from 'node:assert/strict'
import { atOnce, type Bed, LONG_MS, listed, newRecord, uniqueText, using } from './bench.js'

/** More than any put has to be tried when the others of a test are let through one at a time. */
const ATTEMPTS = 1_000

/** Declares the tests of two handles on the same data. */
export function testProcesses({ describe, testTwo, subject }: Bed): void {
  describe('two processes', () => {
    testTwo('see what the other wrote, at once', async ({ store, key }, other) => {
      const record = newRecord()
      equal(await other.get(key), undefined)
      await store.put(key, record, undefined)
      deepEqual({ ...(await other.get(key)) }, record)
      deepEqual(await listed(other, key), [key])
      equal(await other.delete(key, record.generation), true)
      equal(await store.get(key), undefined)
    })

    testTwo('refuse a write over what the other replaced', async ({ store, key }, other) => {
      const record = newRecord()
      const next = newRecord()
      await store.put(key, record, undefined)
      equal(await other.put(key, next, record.generation), true)
      equal(await store.put(key, newRecord(), record.generation), false)
      equal(await store.put(key, newRecord(), undefined), false)
      equal(await store.delete(key, record.generation), false)
      deepEqual({ ...(await store.get(key)) }, next)
    })

    testTwo('let one of 50 puts over a generation succeed', async ({ store, key }, other) => {
      const first = newRecord()
      await store.put(key, first, undefined)
      const records = Array.from({ length: 50 }, () => newRecord())
      const results = await atOnce(50, (index) => {
        const side = index % 2 ? store : other
        return side.put(key, records[index] ?? first, first.generation)
      })
      const winners = records.filter((_, index) => results[index] === true)
      equal(winners.length, 1)
      deepEqual({ ...(await store.get(key)) }, winners[0])
      deepEqual({ ...(await other.get(key)) }, winners[0])
    })

    testTwo('lose no update of a counter', async ({ store, key }, other) => {
      await store.put(key, newRecord('0'), undefined)
      const increment = async (side: typeof store): Promise<void> => {
        for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
          const record = await side.get(key)
          const next = newRecord(String(Number(record?.value) + 1))
          if (await side.put(key, next, record?.generation)) return
        }
        fail(`no put succeeded in ${ATTEMPTS} attempts`)
      }
      const count = async (side: typeof store): Promise<void> => {
        for (let round = 0; round < 10; round += 1) await increment(side)
      }
      await Promise.all([count(store), count(other), count(store), count(other)])
      equal((await store.get(key))?.value, '40')
    })

    testTwo('share a lease', async ({ store, key }, other) => {
      equal(await store.acquireLease(key, 'first', LONG_MS), true)
      equal(await other.acquireLease(key, 'second', LONG_MS), false)
      await other.releaseLease(key, 'second')
      equal(await other.acquireLease(key, 'second', LONG_MS), false)
      await store.releaseLease(key, 'first')
      equal(await other.acquireLease(key, 'second', LONG_MS), true)
      equal(await store.acquireLease(key, 'first', LONG_MS), false)
    })

    testTwo('let one of 50 owners have a lease', async ({ store, key }, other) => {
      const results = await atOnce(50, (index) =>
        (index % 2 ? store : other).acquireLease(key, `owner ${index}`, LONG_MS),
      )
      equal(results.filter(Boolean).length, 1)
    })

    testTwo('take over a lease that ended', async ({ store, key, leaseMs, outwait }, other) => {
      await store.acquireLease(key, 'first', leaseMs)
      await outwait()
      const results = await atOnce(20, (index) =>
        (index % 2 ? store : other).acquireLease(key, `owner ${index}`, LONG_MS),
      )
      equal(results.filter(Boolean).length, 1)
      equal(await store.acquireLease(key, 'first', LONG_MS), false)
    })

    testTwo('keep a lease whose taker has gone', async ({ key }, other) => {
      const owner = uniqueText()
      await using(subject.open, async (store) => {
        equal(await store.acquireLease(key, owner, LONG_MS), true)
      })
      equal(await other.acquireLease(key, 'second', LONG_MS), false)
      equal(await other.acquireLease(key, owner, LONG_MS), true)
    })
  })
}
