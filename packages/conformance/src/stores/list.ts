import { deepEqual, equal, ok } from 'node:assert/strict'
import type { TokenStore } from '@procore-auth/core'
import { type Bed, listed, newRecord } from './bench.js'

/** More than a page of any store. */
const MANY = 1_200
const WRITES_AT_ONCE = 100

/** A prefix with something in it that is special to a pattern, and a key that only a pattern finds. */
const PATTERNS: readonly (readonly [prefix: string, stray: string])[] = [
  ['a%b', 'axxb'],
  ['%', 'x'],
  ['a_b', 'axb'],
  ['a\\%b', 'a%b'],
  ['a\\b', 'ab'],
  ['a*b', 'axxb'],
  ['a?b', 'axb'],
  ['[ab]', 'a'],
  ['[^a]', 'b'],
  ['{a,b}', 'a'],
  ['a.b', 'axb'],
  ['(a|b)', 'a'],
  ['^a', 'a'],
  ['a$', 'a'],
  ["a'b", 'ab'],
  ['a\u0000b', 'a'],
  ['A', 'a'],
  ['\u00e9', 'e\u0301'],
  ['a ', 'a'],
]

/** Declares the tests of listing keys. */
export function testList({ describe, test }: Bed): void {
  describe('list', () => {
    test('yields nothing where nothing is', async ({ store, key }) => {
      deepEqual(await listed(store, key), [])
    })

    test('yields the keys that start with a prefix, the prefix itself included', async ({
      store,
      key,
    }) => {
      const keys = [key, `${key}:`, `${key}:1`, `${key}:1:2`]
      await putAll(store, [...keys, `x${key}`, key.slice(0, -1)])
      deepEqual(await listed(store, key), keys)
      deepEqual(await listed(store, `${key}:1`), keys.slice(2))
    })

    test('yields all keys for an empty prefix', async ({ store, key }) => {
      await putAll(store, [key, `x${key}`])
      const all = await listed(store, '')
      ok(all.includes(key) && all.includes(`x${key}`))
    })

    for (const [prefix, stray] of PATTERNS) {
      test(`takes ${JSON.stringify(prefix)} as it is, not as a pattern`, async ({ store, key }) => {
        const keys = [`${key}${prefix}`, `${key}${prefix}1`]
        await putAll(store, [...keys, `${key}${stray}`, `${key}${stray}1`])
        deepEqual(await listed(store, `${key}${prefix}`), keys)
      })
    }

    test('yields keys that go on with the last characters there are', async ({ store, key }) => {
      const keys = [`${key}\uffff`, `${key}\uffff\uffff`, `${key}\u{10ffff}`, `${key}\u{10ffff}z`]
      await putAll(store, keys)
      deepEqual(await listed(store, key), keys.sort())
    })

    test('finds a key by all of its 4,000 characters', async ({ store, key }) => {
      const long = key.padEnd(4_000, '.')
      await putAll(store, [long])
      deepEqual(await listed(store, long), [long])
      deepEqual(await listed(store, long.slice(0, 3_999)), [long])
      deepEqual(await listed(store, `${long.slice(0, 3_999)}x`), [])
    })

    test('does not yield what was deleted', async ({ store, key }) => {
      const record = newRecord()
      await store.put(`${key} gone`, record, undefined)
      await putAll(store, [`${key} kept`])
      await store.delete(`${key} gone`, record.generation)
      deepEqual(await listed(store, key), [`${key} kept`])
    })

    test('yields a key once, however often it was written', async ({ store, key }) => {
      let replaces: string | undefined
      for (let round = 0; round < 5; round += 1) {
        const record = newRecord()
        await store.put(key, record, replaces)
        replaces = record.generation
      }
      deepEqual(await listed(store, key), [key])
    })

    test(`yields ${MANY.toLocaleString('en')} keys, each once`, async ({ store, key }) => {
      const keys = Array.from({ length: MANY }, (_, index) => `${key} ${index}`)
      await putAll(store, keys)
      deepEqual(await listed(store, key), keys.sort())
    })

    test('goes on while what it yields is rewritten and deleted', async ({ store, key }) => {
      const keys = Array.from({ length: 50 }, (_, index) => `${key} ${index}`)
      await putAll(store, keys)
      const seen: string[] = []
      for await (const each of store.list(key)) {
        seen.push(each)
        const { generation } = (await store.get(each)) ?? newRecord()
        const next = newRecord()
        equal(await store.put(each, next, generation), true)
        equal(await store.delete(each, next.generation), true)
      }
      deepEqual(seen.sort(), keys.sort())
      deepEqual(await listed(store, key), [])
    })

    test('may be left early', async ({ store, key }) => {
      await putAll(
        store,
        Array.from({ length: 50 }, (_, index) => `${key} ${index}`),
      )
      for await (const each of store.list(key)) {
        ok(each.startsWith(key))
        break
      }
      equal(await store.put(key, newRecord(), undefined), true)
      equal((await listed(store, key)).length, 51)
    })
  })
}

async function putAll(store: TokenStore, keys: readonly string[]): Promise<void> {
  for (let start = 0; start < keys.length; start += WRITES_AT_ONCE) {
    const some = keys.slice(start, start + WRITES_AT_ONCE)
    const results = await Promise.all(some.map((key) => store.put(key, newRecord(), undefined)))
    ok(results.every(Boolean))
  }
}
