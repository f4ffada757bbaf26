import { describe, expect, test } from 'vitest'
import { Secret } from '../../src/redact.js'
import type { TokenSet } from '../../src/token-set.js'
import { Expiry } from '../../src/tokens/expiry.js'
import { HOUR, MINUTE, SECOND, shifted, TestClock } from '../support/core-clock.js'
import { Scene } from '../support/core-manager.js'

const LIFETIMES = [2 * HOUR, 90 * MINUTE, 15 * MINUTE, 60 * SECOND]
const SKEWS = [-10 * MINUTE, 0, 10 * MINUTE]

function tokens(lifetimeMs: number, issuedAt: number): TokenSet {
  return { accessToken: new Secret('a'), refreshToken: undefined, issuedAt, lifetimeMs }
}

describe.each(LIFETIMES)('tokens that live %i ms', (lifetimeMs) => {
  test.each(SKEWS)('are right with a local clock wrong by %i ms', (skewMs) => {
    const procore = new TestClock()
    const expiry = new Expiry(shifted(procore, skewMs), () => 0)
    const set = tokens(lifetimeMs, procore.now())
    expiry.observe(set)
    const windowMs = Math.min(lifetimeMs / 10, 5 * MINUTE)
    expect([expiry.isFresh(set), expiry.hasExpired(set)]).toEqual([true, false])
    procore.advance(lifetimeMs - windowMs - 1)
    expect([expiry.isFresh(set), expiry.hasExpired(set)]).toEqual([true, false])
    procore.advance(1)
    expect([expiry.isFresh(set), expiry.hasExpired(set)]).toEqual([false, false])
    procore.advance(windowMs - 1)
    expect([expiry.isFresh(set), expiry.hasExpired(set)]).toEqual([false, false])
    procore.advance(1)
    expect([expiry.isFresh(set), expiry.hasExpired(set)]).toEqual([false, true])
  })

  test('are renewed within their window or half a window before it, never at their end', () => {
    const clock = new TestClock()
    const set = tokens(lifetimeMs, clock.now())
    const windowMs = Math.min(lifetimeMs / 10, 5 * MINUTE)
    const moments = [0, 0.25, 1].map((random) => new Expiry(clock, () => random).renewAt(set))
    const end = clock.now() + lifetimeMs
    expect(moments.map((moment) => end - moment)).toEqual([
      windowMs,
      windowMs * 1.125,
      windowMs * 1.5,
    ])
  })

  test.each(SKEWS)(
    'are never used past their end, with a clock wrong by %i ms',
    async (aheadMs) => {
      const scene = new Scene({ lifetimeMs, aheadMs })
      const manager = scene.process()
      const ref = await scene.signIn(manager)
      const step = lifetimeMs / 40
      for (let count = 0; count < 120; count += 1) {
        const { accessToken } = await manager.use(ref)
        expect(scene.ledger.honours(accessToken)).toBe(true)
        scene.clock.advance(step)
      }
      expect(scene.ledger.refreshes.length).toBeGreaterThanOrEqual(3)
      expect(scene.ledger.refreshes.length).toBeLessThanOrEqual(4)
    },
  )

  test.each(SKEWS)(
    'serve a process that reads them first, clock wrong by %i ms',
    async (aheadMs) => {
      const scene = new Scene({ lifetimeMs, aheadMs })
      const ref = await scene.signIn(scene.process())
      const young = scene.process()
      let { accessToken, generation } = await young.use(ref)
      if (!scene.ledger.honours(accessToken)) {
        ;({ accessToken, generation } = await young.replace(ref, generation))
      }
      expect(scene.ledger.honours(accessToken)).toBe(true)
      expect(scene.ledger.refreshes.length).toBeLessThanOrEqual(1)
    },
  )
})

test.each(SKEWS)('a clock wrong by %i ms is noticed with the first refresh', async (aheadMs) => {
  const scene = new Scene({ lifetimeMs: MINUTE, aheadMs })
  const ref = await scene.signIn(scene.process())
  const young = scene.process()
  const { generation } = await young.use(ref)
  await young.replace(ref, generation)
  const before = scene.ledger.refreshes.length
  for (let count = 0; count < 20; count += 1) {
    expect(scene.ledger.honours((await young.use(ref)).accessToken)).toBe(true)
    scene.clock.advance(2 * SECOND)
  }
  expect(scene.ledger.refreshes).toHaveLength(before)
})

test('tokens that could not be renewed in time are tried again after a pause, as long as they live', () => {
  const clock = new TestClock()
  const expiry = new Expiry(clock, () => 0)
  const set = tokens(90 * MINUTE, clock.now())
  const end = clock.now() + 90 * MINUTE
  clock.advance(86 * MINUTE)
  expect(expiry.renewAt(set)).toBe(clock.now() + 10 * SECOND)
  clock.advance(4 * MINUTE - SECOND)
  expect(expiry.renewAt(set)).toBe(end)
  clock.advance(HOUR)
  expect(expiry.renewAt(set)).toBe(end)
  expect(expiry.isBefore(end)).toBe(false)
})

test('processes do not renew at the same moment', () => {
  const clock = new TestClock()
  const scene = new Scene()
  const set = tokens(90 * MINUTE, clock.now())
  const moments = new Set(
    Array.from({ length: 50 }, () => new Expiry(clock, Math.random).renewAt(set)),
  )
  expect(moments.size).toBeGreaterThan(40)
  expect(scene.clock.now()).toBe(clock.now())
})
