import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { EventBus } from '../../src/events.js'

const EVENT = { principal: 'jim' } as const

/** Returns the process warnings that a piece of work causes. */
async function warningsOf(work: () => Promise<unknown>): Promise<unknown[]> {
  const warnings: unknown[] = []
  const collect = (warning: Error) => void warnings.push(warning)
  process.on('warning', collect)
  await work()
  await turn()
  process.off('warning', collect)
  return warnings
}

test('each listener is told of its event and of no other', async () => {
  const bus = new EventBus()
  const seen: unknown[] = []
  bus.on('signed-out', (event) => void seen.push(['out', event]))
  bus.on('disconnected', (event) => void seen.push(['ended', event]))
  await bus.emit('signed-out', EVENT)
  expect(seen).toEqual([['out', EVENT]])
})

test('emitting waits for the last listener; they run side by side', async () => {
  const bus = new EventBus()
  const order: string[] = []
  let release = (): void => undefined
  bus.on('signed-out', async () => {
    await new Promise<void>((resolve) => {
      release = resolve
    })
    order.push('slow')
  })
  bus.on('signed-out', () => {
    order.push('quick')
    release()
  })
  await bus.emit('signed-out', EVENT).then(() => order.push('emitted'))
  expect(order).toEqual(['quick', 'slow', 'emitted'])
})

test('a listener can be removed, also while it runs, and twice', async () => {
  const bus = new EventBus()
  let calls = 0
  const remove = bus.on('signed-out', () => {
    calls += 1
    remove()
    remove()
  })
  await bus.emit('signed-out', EVENT)
  await bus.emit('signed-out', EVENT)
  expect(calls).toBe(1)
})

test('a listener that is added while others run is not called for that event', async () => {
  const bus = new EventBus()
  let late = 0
  bus.on('signed-out', () => {
    bus.on('signed-out', () => {
      late += 1
    })
  })
  await bus.emit('signed-out', EVENT)
  expect(late).toBe(0)
})

describe('a listener that fails', () => {
  test.each<[string, () => void | Promise<void>]>([
    [
      'TypeError: at once',
      () => {
        throw new TypeError('at once')
      },
    ],
    ['Error: later', () => Promise.reject(new Error('later'))],
    ['string', () => Promise.reject('a secret')],
    ['undefined', () => Promise.reject(undefined)],
    ['object', () => Promise.reject(null)],
  ])('becomes a process warning that says "%s"', async (text, listener) => {
    const bus = new EventBus()
    const others: string[] = []
    bus.on('signed-out', () => void others.push('before'))
    bus.on('signed-out', listener)
    bus.on('signed-out', () => void others.push('after'))
    const warnings = await warningsOf(() => bus.emit('signed-out', EVENT))
    expect(warnings).toMatchObject([{ code: 'PROCORE_AUTH_LISTENER_FAILED' }])
    expect(String(warnings[0])).toContain(`"signed-out" failed: ${text}`)
    expect(String(warnings[0])).not.toContain('a secret')
    expect(others).toEqual(['before', 'after'])
  })

  test('is warned of every time', async () => {
    const bus = new EventBus()
    bus.on('signed-out', () => Promise.reject(new Error('again')))
    const warnings = await warningsOf(async () => {
      await bus.emit('signed-out', EVENT)
      await bus.emit('signed-out', EVENT)
    })
    expect(warnings).toHaveLength(2)
  })
})
