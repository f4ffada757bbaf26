import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { createOnce } from '../../src/http/once.js'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

function clockAt(start: number) {
  let now = start
  return {
    now: () => now,
    sleep: async () => undefined,
    advance: (ms: number) => {
      now += ms
    },
  }
}

test('a work is done once a minute for a name, and again after a failure', async () => {
  const clock = clockAt(0)
  const once = createOnce<number>(clock)
  let works = 0
  const work = async (): Promise<number> => ++works
  expect([await once('a', work), await once('a', work), await once('b', work)]).toEqual([1, 1, 2])
  clock.advance(60_000)
  expect(await once('a', work)).toBe(3)
  await expect(once('c', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await once('c', work)).toBe(4)
})

test('a result that is too old is let go of with the next work', async () => {
  const clock = clockAt(0)
  const once = createOnce<object>(clock)
  const result = new WeakRef(await once('a', async () => ({ user: 'jim' })))
  clock.advance(60_000)
  await once('b', async () => ({}))
  // A WeakRef holds on to what was put in it until the turn ends.
  await setImmediate()
  collectGarbage()
  expect(result.deref()).toBeUndefined()
})

test('a thousand are remembered at most, the youngest ones', async () => {
  const once = createOnce<number>(clockAt(0))
  for (let name = 0; name < 1_001; name += 1) await once(String(name), async () => name)
  expect(await once('1000', async () => -1)).toBe(1_000)
  expect(await once('0', async () => -1)).toBe(-1)
})
