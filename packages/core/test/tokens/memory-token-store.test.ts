import { describe, expect, test } from 'vitest'
import { MemoryTokenStore } from '../../src/tokens/memory-token-store.js'
import { SECOND, TestClock } from '../support/core-clock.js'

const record = (generation: string, value = 'v') => ({ generation, value })

async function keysOf(store: MemoryTokenStore, prefix: string): Promise<string[]> {
  const keys: string[] = []
  for await (const key of store.list(prefix)) keys.push(key)
  return keys.sort()
}

describe('records', () => {
  test('a missing one is undefined', async () => {
    expect(await new MemoryTokenStore().get('a')).toBeUndefined()
  })

  test('a write names what it replaces, and of two with the same name one succeeds', async () => {
    const store = new MemoryTokenStore()
    const first = [record('1', 'x'), record('2', 'y')]
    const created = await Promise.all(first.map((one) => store.put('a', one, undefined)))
    expect(created).toEqual([true, false])
    expect(await store.get('a')).toEqual(record('1', 'x'))
    expect(await store.put('a', record('3'), 'other')).toBe(false)
    expect(await store.put('a', record('3'), '1')).toBe(true)
    expect(await store.put('b', record('3'), '1')).toBe(false)
    expect(await store.get('b')).toBeUndefined()
  })

  test('a deletion names what it deletes', async () => {
    const store = new MemoryTokenStore()
    await store.put('a', record('1'), undefined)
    expect(await store.delete('a', '2')).toBe(false)
    expect(await store.delete('b', '1')).toBe(false)
    expect(await store.delete('a', '1')).toBe(true)
    expect(await store.delete('a', '1')).toBe(false)
    expect(await store.get('a')).toBeUndefined()
  })

  test('what is given and returned are copies', async () => {
    const store = new MemoryTokenStore()
    const given = { generation: '1', value: 'v', extra: 'not kept' }
    await store.put('a', given, undefined)
    given.value = 'changed'
    const got = await store.get('a')
    if (got) Reflect.set(got, 'value', 'changed')
    expect(await store.get('a')).toEqual(record('1'))
  })

  test('keys may be any text', async () => {
    const store = new MemoryTokenStore()
    const keys = ['__proto__', 'constructor', '', '\u0000', 'é', 'a/../b']
    for (const key of keys) expect(await store.put(key, record(key), undefined)).toBe(true)
    for (const key of keys) expect((await store.get(key))?.generation).toBe(key)
  })

  test('a list has the keys of a prefix, also while records are deleted', async () => {
    const store = new MemoryTokenStore()
    for (const key of ['p:1', 'p:2', 'p%', 'q:1']) await store.put(key, record('1'), undefined)
    expect(await keysOf(store, 'p:')).toEqual(['p:1', 'p:2'])
    expect(await keysOf(store, '')).toHaveLength(4)
    const seen: string[] = []
    for await (const key of store.list('p:')) {
      seen.push(key)
      await store.delete(key, '1')
    }
    expect(seen.sort()).toEqual(['p:1', 'p:2'])
  })
})

describe('leases', () => {
  test('one owner holds it, may renew it, and gives it back', async () => {
    const store = new MemoryTokenStore()
    expect(await store.acquireLease('l', 'a', SECOND)).toBe(true)
    expect(await store.acquireLease('l', 'b', SECOND)).toBe(false)
    expect(await store.acquireLease('l', 'a', SECOND)).toBe(true)
    expect(await store.acquireLease('m', 'b', SECOND)).toBe(true)
    await store.releaseLease('l', 'b')
    expect(await store.acquireLease('l', 'b', SECOND)).toBe(false)
    await store.releaseLease('l', 'a')
    expect(await store.acquireLease('l', 'b', SECOND)).toBe(true)
  })

  test('it ends by itself, to the millisecond; renewing puts the end off', async () => {
    const clock = new TestClock()
    const store = new MemoryTokenStore({ clock })
    await store.acquireLease('l', 'a', SECOND)
    clock.advance(500)
    await store.acquireLease('l', 'a', SECOND)
    clock.advance(999)
    expect(await store.acquireLease('l', 'b', SECOND)).toBe(false)
    clock.advance(1)
    expect(await store.acquireLease('l', 'b', SECOND)).toBe(true)
  })

  test('giving back a lease that another has taken over does nothing', async () => {
    const clock = new TestClock()
    const store = new MemoryTokenStore({ clock })
    await store.acquireLease('l', 'a', SECOND)
    clock.advance(SECOND)
    await store.acquireLease('l', 'b', SECOND)
    await store.releaseLease('l', 'a')
    expect(await store.acquireLease('l', 'a', SECOND)).toBe(false)
  })

  test('many leases that ended are swept out, and those that live stay', async () => {
    const clock = new TestClock()
    const store = new MemoryTokenStore({ clock })
    await store.acquireLease('alive', 'a', 3_600 * SECOND)
    for (let count = 0; count < 900; count += 1) await store.acquireLease(`x${count}`, 'a', SECOND)
    clock.advance(2 * SECOND)
    for (let count = 0; count < 2_000; count += 1) {
      await store.acquireLease(`y${count}`, 'a', 3_600 * SECOND)
    }
    expect(await store.acquireLease('alive', 'b', SECOND)).toBe(false)
    for (let count = 0; count < 2_000; count += 1) {
      expect(await store.acquireLease(`y${count}`, 'b', SECOND)).toBe(false)
    }
    expect(await store.acquireLease('x0', 'b', SECOND)).toBe(true)
  })
})
