import { describe, expect, test } from 'vitest'
import { BoundedMap } from '../../src/bounded-map.js'
import { systemClock } from '../../src/clock.js'

describe('the clock of the machine', () => {
  test('tells the time', () => {
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1_000)
  })

  test('a sleep keeps the process alive: a pair may be waiting to be stored', async () => {
    const timers = () =>
      process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const before = timers()
    const sleeping = systemClock.sleep(20)
    expect(timers()).toBe(before + 1)
    await sleeping
  })
})

describe('a bounded map', () => {
  test('forgets the oldest entry when it is full', () => {
    const map = new BoundedMap<string, number>(3)
    for (const [value, key] of ['a', 'b', 'c', 'd'].entries()) map.set(key, value)
    expect(['a', 'b', 'c', 'd'].map((key) => map.get(key))).toEqual([undefined, 1, 2, 3])
    expect(map.size).toBe(3)
  })

  test('an entry that is set again is the newest', () => {
    const map = new BoundedMap<string, number>(2)
    map.set('a', 1)
    map.set('b', 2)
    map.set('a', 3)
    map.set('c', 4)
    expect(['a', 'b', 'c'].map((key) => map.get(key))).toEqual([3, undefined, 4])
  })

  test('deleting makes room, and deleting nothing is nothing', () => {
    const map = new BoundedMap<string, number>(1)
    map.set('a', 1)
    map.delete('a')
    map.delete('b')
    expect([map.get('a'), map.size]).toEqual([undefined, 0])
  })

  test('stays bounded, whatever the keys', () => {
    const map = new BoundedMap<unknown, number>(10)
    for (let count = 0; count < 1_000; count += 1) map.set({ count }, count)
    expect(map.size).toBe(10)
  })
})
